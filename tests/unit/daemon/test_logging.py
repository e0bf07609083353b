"""Log lines, as they come out of a process."""

import json
import subprocess
import sys

import pytest

from batcher.daemon.logging import PERSONAL_KEYS

_CANARY = "Zsófia-canary"


def _run(body: str, *, form: str = "json", level: str = "info") -> list[str]:
    """Run a few lines in a process of their own and return what it logged."""
    script = (
        "import logging, structlog\n"
        "from batcher.daemon.logging import configure\n"
        f"configure({level!r}, {form!r})\n"
        f"log = structlog.get_logger('batcher.test')\n{body}\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_a_line_is_one_json_object_with_event_ids_level_and_utc_time() -> None:
    (line,) = _run("log.info('ticket_delivered', ticket='01J', station='uv1')")

    entry: dict[str, str] = json.loads(line)
    assert {key: entry[key] for key in ("event", "ticket", "station", "level", "logger")} == {
        "event": "ticket_delivered",
        "ticket": "01J",
        "station": "uv1",
        "level": "info",
        "logger": "batcher.test",
    }
    assert entry["at"].endswith("Z")
    assert list(entry)[:3] == ["at", "level", "event"]


def test_the_standard_librarys_loggers_come_out_the_same_way() -> None:
    (line,) = _run("logging.getLogger('somewhere').warning('took %s s', 3)")

    entry = json.loads(line)
    assert (entry["event"], entry["level"], entry["logger"]) == ("took 3 s", "warning", "somewhere")


def test_levels_below_the_chosen_one_stay_out() -> None:
    body = "log.info('quiet'); log.warning('loud'); logging.getLogger('apscheduler.executors').info('chatter')"

    assert [json.loads(line)["event"] for line in _run(body, level="warning")] == ["loud"]
    assert [json.loads(line)["event"] for line in _run(body)] == ["quiet", "loud"]


@pytest.mark.parametrize("form", ["json", "text"])
def test_personal_text_never_reaches_the_log(form: str) -> None:
    given = ", ".join(f"{key}={_CANARY!r}" for key in sorted(PERSONAL_KEYS))
    body = (
        f"log.info('direct', {given})\n"
        f"log.info('nested', order={{'key': '01J', 'lines': [{_CANARY!r}], 'items': [{{'text': {_CANARY!r}}}]}})\n"
        f"structlog.contextvars.bind_contextvars(name={_CANARY!r})\nlog.info('context')\n"
        f"try:\n    raise ValueError({_CANARY!r})\nexcept ValueError:\n    log.exception('failed')\n"
        f"    logging.getLogger('uvicorn.error').exception('Exception in ASGI application')\n"
    )

    lines = _run(body, form=form)

    assert len(lines) == 5
    assert "Zs" not in "\n".join(lines)


def test_an_exception_is_told_by_type_code_place_and_its_message_only_when_it_is_ours() -> None:
    body = (
        "from batcher.errors import NotFoundError\n"
        "for error in (NotFoundError('ticket', '01J'), KeyError('private')):\n"
        "    try:\n        raise error\n    except Exception:\n        log.exception('failed')\n"
    )

    ours, foreign = (json.loads(line)["error"] for line in _run(body))

    assert (ours["type"], ours["code"], ours["message"]) == ("NotFoundError", "not_found", "no ticket 01J")
    assert ours["frames"] == ["<string>:8 <module>"]
    assert foreign["type"] == "KeyError"
    assert "message" not in foreign


def test_a_value_cannot_forge_a_line_or_drive_a_terminal_in_text_form() -> None:
    (line,) = _run("log.info('taken', source='web\\nfake line \\x1b[2J')", form="text")

    assert "\\n" in line
    assert "\x1b" not in line
