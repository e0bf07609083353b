"""
HTTP/1.1 as it is read: uvicorn's reader in C, as strict as a server must be that stands behind somebody's proxy.

What that reader lacks is added. Every request names its host once and the length of its body in one way; what comes
before or after a body has bounds; and who offers to speak another protocol, as some clients do with every first
request, is answered in this one, instead of losing the body.
"""

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Bytes of a head, of trailers, or around a piece of a body, that may come in more than one read of the socket.
MOST_HEAD_BYTES = 64 * 1024
_REFUSED = "Invalid HTTP request received."


class StrictHttp(HttpToolsProtocol):
    """One connection."""

    _pending = 0  #: bytes since the last that a request began, or that were of a body

    def data_received(self, data: bytes) -> None:
        """Read on; refuse what cannot be read, and what goes on without end."""
        self._unset_keepalive_if_required()
        self._pending += len(data)
        try:
            self._read(data)
        except HttpParserError:
            self.logger.warning(_REFUSED)
            self.send_400_response(_REFUSED)
        else:
            if self._pending > MOST_HEAD_BYTES:
                self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._pending = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """
        Go on to the body, unless the head is to be read again.

        Raises
        ------
        HttpParserError
            A proxy may have read another request than we: the host or the length of the body is told in two ways.
        """
        names = [name for name, _ in self.headers]
        if names.count(b"host") != 1 and not (self.parser.get_http_version() == "1.0" and b"host" not in names):
            raise HttpParserError("a request names its host once")
        if b"transfer-encoding" in names and b"content-length" in names:
            raise HttpParserError("a body has one length")
        if not self.parser.should_upgrade():
            super().on_headers_complete()
        elif self.parser.get_method() == b"CONNECT":
            raise HttpParserError("this is no proxy")

    def on_body(self, body: bytes) -> None:
        """Hand a piece of the body on."""
        self._pending = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request; one that offers another protocol has not begun yet."""
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def _read(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as offer:
                data = self._without_offer() + data[offer.args[0] :]
                self.parser = HttpRequestParser(self)
            else:
                return

    def _without_offer(self) -> bytes:
        """Return the head that has just been read, less the offer of another protocol."""
        first = b"%s %s HTTP/%s\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        fields = [b"%s: %s\r\n" % (name, value) for name, value in self.headers if name != b"upgrade"]
        return b"".join([first, *fields, b"\r\n"])
