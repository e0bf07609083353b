"""A wire between a daemon and the database that can be cut: nothing is refused and nothing closed, nothing comes."""

import contextlib
import socket
import threading

_CHUNK = 65536


class Proxy:
    """
    Relays connections on a port of its own to a server's Unix socket.

    While it is cut, what is sent lies and waits, as behind a firewall that has gone silent.
    """

    def __init__(self, server: str) -> None:
        self._server = server
        self._whole = threading.Event()
        self._whole.set()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Let nothing through any more."""
        self._whole.clear()

    def mend(self) -> None:
        """Let everything through, also what has waited."""
        self._whole.set()

    def close(self) -> None:
        """Take no more connections."""
        self.mend()
        self._socket.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._socket.accept()
                threading.Thread(target=self._relay, args=(near,), daemon=True).start()

    def _relay(self, near: socket.socket) -> None:
        self._whole.wait()
        with near, socket.socket(socket.AF_UNIX) as far:
            try:
                far.connect(self._server)
            except OSError:  # the server is down
                return
            back = threading.Thread(target=self._pump, args=(far, near), daemon=True)
            back.start()
            self._pump(near, far)
            back.join()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(_CHUNK):
                self._whole.wait()
                target.sendall(content)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
