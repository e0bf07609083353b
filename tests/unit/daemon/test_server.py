"""The server inside a running event loop, over real sockets."""

import asyncio
import signal
import socket
import threading
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request

from batcher.daemon.server import Address, ApiServer, bind
from batcher.errors import SettingsError
from batcher.settings import Settings


def _settings(**values: object) -> Settings:
    return Settings(**{"port": 0, "state_dir": Path("unused"), **values})  # type: ignore[arg-type] # values as a person would give them


def _app() -> FastAPI:
    app = FastAPI()

    @app.get("/ping")
    def ping() -> str:
        return "pong"

    @app.post("/size")
    async def size(request: Request) -> int:
        return len(await request.body())

    return app


def test_the_port_is_known_and_answers_as_soon_as_start_returns() -> None:
    async def scenario() -> None:
        server = ApiServer(_app(), bind(_settings()), drain_s=5)
        address = await server.start()
        assert address.port > 0
        async with httpx.AsyncClient(base_url=address.url) as client:
            answer = await client.get("/ping")
        assert answer.json() == "pong"
        assert "server" not in answer.headers
        await server.stop()
        await server.wait()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(address.host, address.port)

    asyncio.run(scenario())


def test_signals_stay_with_the_daemon() -> None:
    async def scenario() -> None:
        before = {sig: signal.getsignal(sig) for sig in (signal.SIGINT, signal.SIGTERM)}
        server = ApiServer(_app(), bind(_settings()), drain_s=5)
        await server.start()
        assert {sig: signal.getsignal(sig) for sig in before} == before
        await server.stop()

    asyncio.run(scenario())


def test_a_stop_lets_the_request_under_way_finish() -> None:
    begun, go_on = threading.Event(), threading.Event()
    app = FastAPI()

    @app.get("/slow")
    def slow() -> str:
        begun.set()
        go_on.wait(10)
        return "done"

    async def scenario() -> None:
        server = ApiServer(app, bind(_settings()), drain_s=10)
        address = await server.start()
        async with httpx.AsyncClient(base_url=address.url) as client:
            request = asyncio.create_task(client.get("/slow"))
            await asyncio.to_thread(begun.wait, 10)
            stop = asyncio.create_task(server.stop())
            go_on.set()
            assert (await request).json() == "done"
            await stop

    asyncio.run(scenario())


def test_a_port_that_is_taken_is_refused_by_the_settings_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SettingsError, match="BATCHER_PORT"):
        bind(_settings(port=taken.getsockname()[1]))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "floor.example"])
def test_an_address_other_machines_reach_is_refused_unless_allowed(host: str) -> None:
    with pytest.raises(SettingsError, match="BATCHER_ALLOW_REMOTE"):
        bind(_settings(host=host))


def test_an_address_other_machines_reach_can_be_allowed() -> None:
    with bind(_settings(host="0.0.0.0", allow_remote=True), guarded=True) as bound:
        assert bound.getsockname()[0] == "0.0.0.0"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost"])
def test_loopback_needs_no_leave(host: str) -> None:
    bind(_settings(host=host)).close()


def test_an_ipv6_address_is_written_in_brackets() -> None:
    assert Address("::1", 8080).url == "http://[::1]:8080"


@pytest.mark.parametrize(
    "head",
    [
        b"GET /ping HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\nContent-Length: 1\r\nTransfer-Encoding: x\r\n\r\n",
        b"GET /ping HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET /ping HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 2**20 + b"\r\n\r\n",
        b"GET /ping HTTP/1.1\r\nHost: x\r\nX : a\r\n\r\n",
        b"GET /ping HTTP/1.1\r\n\r\n",
        b"GET /ping HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"POST /ping HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: a\r\n" * 2**18 + b"\r\n",
        b"CONNECT /ping HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=[
        "unknown transfer encoding", "two lengths", "a header of a megabyte", "space before the colon", "no host",
        "two hosts", "a length and chunks", "a megabyte of trailers", "to another server",
    ],
)  # fmt: skip
def test_requests_that_two_readers_would_read_differently_are_refused(head: bytes) -> None:
    assert _answer_to(head, b"\r\n\r\n").split()[1] in (b"400", b"431", b"501")


def test_who_offers_another_protocol_is_answered_in_this_one_and_loses_nothing() -> None:
    offer = b"Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    first = b"POST /size HTTP/1.1\r\n" + offer + b"Content-Length: 3\r\n\r\nabc"
    second = b"GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    answers = _answer_to(first + second, b'"pong"')

    assert answers.count(b"HTTP/1.1 200 OK") == 2
    assert b"\r\n\r\n3HTTP/1.1" in answers


def _answer_to(request: bytes, end: bytes) -> bytes:
    """Return what a server of its own sends for a request, up to an end."""

    async def scenario() -> bytes:
        server = ApiServer(_app(), bind(_settings()), drain_s=5)
        address = await server.start()
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(request)
        answer = await reader.readuntil(end)
        writer.close()
        await server.stop()
        return answer

    return asyncio.run(scenario())


def test_an_address_other_machines_reach_needs_tokens_too() -> None:
    with pytest.raises(SettingsError, match="no token has been made"):
        bind(_settings(host="0.0.0.0", allow_remote=True))
