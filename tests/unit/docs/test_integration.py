"""The page for shops: all of it that is typed into a console is typed here, as it stands, and works."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from batcher.dispatch import webhook
from batcher.services.actions import find_order, hold_order
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.news import NewsDesk
from tests.builders_api import opened_floor
from tests.served_floor import served
from tests.waiting import wait_for

PAGE = Path(__file__).parents[3] / "docs" / "integration.md"
#: A request that is refused ends the script, where a reader would see it.
_PRELUDE = """
set -euo pipefail
curl() { command curl -sS --fail-with-body --noproxy '*' "$@"; echo; }
"""

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


def _blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@contextmanager
def _typed(script: str, into: Path) -> Iterator[Path]:
    """Type a script into a console; what it left running ends with the block."""
    said = into / "said"
    with said.open("w") as output:
        shell = subprocess.Popen(
            ["bash", "-c", script], cwd=into, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            assert shell.wait(60) == 0, said.read_text()
            yield said
        finally:
            os.killpg(shell.pid, signal.SIGTERM)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def _is_listened_to(port: int) -> bool:
    with suppress(OSError):
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    return False


def _send_news(floor: Floor) -> None:
    NewsDesk(floor, partial(webhook.post, private=True, timeout_s=5.0), lambda: 0.0).turn()


def test_a_shop_is_connected_by_what_its_page_says(tmp_path: Path) -> None:
    (receiver,) = _blocks("python")
    port = _free_port()
    typed = _PRELUDE + "".join(_blocks("console"))
    (tmp_path / "receiver.py").write_text(receiver.replace("8090", str(port)), encoding="utf-8")
    (tmp_path / "floor").mkdir()
    with opened_floor(tmp_path / "floor") as opened:
        floor = replace(opened, settings=opened.settings.model_copy(update={"private_hooks": True}))
        plan_cycle(floor)
        with served(floor) as url:
            script = typed.replace("http://127.0.0.1:8080", url).replace("127.0.0.1:8090", f"127.0.0.1:{port}")
            with _typed(script, tmp_path) as said:
                order = find_order(floor, "W-1")
                hold_order(floor, order.key, "buyer rang", "office")
                wait_for(lambda: _is_listened_to(port))
                _send_news(floor)
                heard = wait_for(lambda: re.findall(r"^True .*\.held$", said.read_text(), re.MULTILINE))

    assert heard == [f"True {order.key} 2 batcher.order.held"]
    assert (order.service, order.pieces) == ("next-day", 1)
