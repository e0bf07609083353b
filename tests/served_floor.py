"""A floor served over HTTP on this machine, by the server that the daemon has, in a thread."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from batcher.api.app import create_app
from batcher.api.health import Health
from batcher.services.context import Floor


@contextmanager
def served(floor: Floor) -> Iterator[str]:
    """Serve a floor's API and board while the block lasts, and return where."""
    health = Health()
    health.set_ready()
    # named TCP, as the daemon's is: only then does asyncio send the second half of an answer without waiting 40 ms
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    bound.listen()
    config = uvicorn.Config(create_app(floor, health), lifespan="off", log_config=None, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        health.set_not_ready("stopping")  # streams end
        server.should_exit = True
        thread.join()
        bound.close()
