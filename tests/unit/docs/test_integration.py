"""The page for shops: every one of its requests is answered as it says, in the order in which they stand."""

import re
import shlex
from pathlib import Path

from batcher.api.app import create_app
from batcher.api.health import Health
from batcher.services.cycle import plan_cycle
from tests.builders_api import client_of, opened_floor

PAGE = Path(__file__).parents[3] / "docs" / "integration.md"
AT = "http://127.0.0.1:8080"


def _requests() -> list[list[str]]:
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    joined = "".join(blocks).replace("\\\n", " ")
    return [shlex.split(line) for line in joined.splitlines() if line.strip()]


def test_every_request_of_the_page_for_shops_is_answered(tmp_path: Path) -> None:
    answers = []
    with opened_floor(tmp_path) as floor:
        plan_cycle(floor)
        client = client_of(create_app(floor, Health()))
        for command, url, *options in _requests():
            given = list(zip(options[::2], options[1::2], strict=True))
            headers = dict(value.split(": ", 1) for name, value in given if name == "-H")
            body = next((value.encode() for name, value in given if name == "-d"), None)
            answer = client.request(
                "GET" if body is None else "POST", url.removeprefix(AT), headers=headers, content=body
            )
            answers.append((command, url.removeprefix(AT), answer.status_code))

    assert {command for command, _, _ in answers} == {"curl"}
    assert [path for _, path, status in answers if status not in (200, 201)] == []
    assert ("curl", "/v1/orders", 201) in answers
