"""HTTP/1.1 as a load generator needs it: one kept connection, one request at a time, as little work as can be."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Request:
    """One request, as it goes over the wire."""

    wire: bytes

    @classmethod
    def post(cls, path: str, body: bytes, token: str) -> Self:
        """Return a POST of a JSON document."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return cls(head.encode() + body)


class Connection:
    """A connection to the daemon; opened with `open_to`, opened again when it broke."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open_to(cls, url: str) -> Self:
        """
        Connect.

        Raises
        ------
        OSError
            When nobody listens.
        ValueError
            When it is another machine: load is only ever put on this one.
        """
        parts = urlsplit(url)
        if parts.hostname != "127.0.0.1" or parts.port is None:
            raise ValueError(f"{url} is not on 127.0.0.1")
        return cls(*await asyncio.open_connection(parts.hostname, parts.port))

    async def ask(self, request: Request) -> tuple[int, bytes]:
        """
        Send a request and return status and body of the answer.

        Raises
        ------
        OSError, EOFError
            When the connection broke: what became of the request is not known.
        """
        self._writer.write(request.wire)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        return int(head[9:12]), await self._reader.readexactly(length)

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
