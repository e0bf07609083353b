"""The load generator counts every request once, whatever becomes of it, and loads this machine only."""

import asyncio
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.load.http_client import Connection, Request
from benchmarks.load.open_loop import send

#: What is answered in turn; 0: the connection breaks.
_STATUSES = (200, 503, 0)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    numbers = itertools.count()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status = _STATUSES[next(self.numbers) % len(_STATUSES)]
        if not status:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def answering() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_answers_refusals_and_broken_connections_are_told_apart() -> None:
    with answering() as url:
        answers = send(url, [Request.post("/", b"{}", "t")] * 30, per_s=3000)
    assert answers.statuses == {200: 10, 503: 10, 0: 10}
    assert answers.failed == 20
    assert len(answers.latencies_s) == 30


def test_no_other_machine_is_put_under_load() -> None:
    with pytest.raises(ValueError, match=r"not on 127\.0\.0\.1"):
        asyncio.run(Connection.open_to("http://192.0.2.1:80"))
