"""
The HTTP server inside the daemon's event loop: uvicorn without signal handlers of its own.

The socket is bound before anything is announced, so that the port is known (0 lets the system choose)
and a second daemon fails at once; what is served is `api`'s.
"""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Generator
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from batcher.daemon.strict_http import StrictHttp
from batcher.errors import SettingsError
from batcher.settings import Settings

_BACKLOG = 128


@dataclass(frozen=True)
class Address:
    """Where the API listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Return it as a client would write it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def check_host(settings: Settings, *, guarded: bool) -> None:
    """
    Refuse an address that other machines can reach, unless the settings allow it and everybody is asked for a token.

    Parameters
    ----------
    guarded
        A token has been made, so that nobody is let in without one.

    Raises
    ------
    SettingsError
        Naming the setting to change.
    """
    if _is_loopback(settings.host):
        return
    if not settings.allow_remote:
        raise SettingsError(
            f"BATCHER_HOST: {settings.host} can be reached from other machines, and the API speaks no TLS; listen on "
            "127.0.0.1 behind a proxy that does, or set BATCHER_ALLOW_REMOTE=true where the network itself is guarded"
        )
    if not guarded:
        raise SettingsError(
            f"BATCHER_HOST: {settings.host} can be reached from other machines, and no token has been made; "
            "`batcher token create` makes one"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def bind(settings: Settings, *, guarded: bool = False) -> socket.socket:
    """
    Bind the API's address without listening yet; only where everybody is asked for a token, one that others reach.

    Raises
    ------
    SettingsError
        When the address may not or cannot be used.
    """
    check_host(settings, guarded=guarded)
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise SettingsError(f"BATCHER_HOST: {settings.host}: {error.strerror}") from error
    bound = socket.socket(family, kind, proto)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise SettingsError(f"BATCHER_PORT: cannot listen on {settings.host}:{settings.port}: {error}") from error
    return bound


class _QuietServer(uvicorn.Server):
    """Leaves signals to the daemon and tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class ApiServer:
    """
    One server run; start it, wait on it, stop it.

    Parameters
    ----------
    app
        What to serve.
    bound
        The socket to serve it on, from `bind`; closed by `stop`.
    drain_s
        Seconds that a stop waits for requests under way.
    """

    def __init__(self, app: ASGIApp, bound: socket.socket, drain_s: float) -> None:
        self._socket = bound
        self._task: asyncio.Task[None] | None = None
        self._config = uvicorn.Config(
            app,
            http=StrictHttp,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=_BACKLOG,
            timeout_graceful_shutdown=max(1, round(drain_s)),
        )
        self._server: _QuietServer | None = None

    @property
    def address(self) -> Address:
        """Return where it listens, with the port the system chose."""
        host, port = self._socket.getsockname()[:2]
        return Address(host, port)

    async def start(self) -> Address:
        """Return once requests are answered."""
        address = self.address
        self._server = _QuietServer(self._config)
        self._task = asyncio.create_task(self._server.serve([self._socket]), name="api")
        listening = asyncio.create_task(self._server.listening.wait())
        await asyncio.wait({self._task, listening}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if self._task.done():
            await self._task
        return address

    async def wait(self) -> None:
        """Return, or raise, when the server has ended by itself or by `stop`."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def stop(self) -> None:
        """Take no more requests, let those under way finish within the time limit, close the socket."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task
        self._socket.close()
