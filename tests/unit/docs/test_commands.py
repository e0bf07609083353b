"""Commands that the documentation tells people to type exist, with their options, and so do those of the page."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs_cli import PAGE, cli_page, commands, is_group, options

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _fenced(text: str) -> Iterator[str]:
    for _, block in re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from block.splitlines()
    yield from (line[4:] for line in text.splitlines() if line.startswith("    "))


def _calls() -> Iterator[tuple[str, str]]:
    """Yield every call of batcher in a block of a page, without comments and what is piped behind."""
    for page in PAGES:
        for line in _fenced(page.read_text(encoding="utf-8")):
            found = re.search(r"(?:^|\s)batcher ((?:[a-z]|--).*)", line.partition(" #")[0].partition(" | ")[0])
            if found and not line.lstrip().startswith(("systemctl", "#", "sudo systemctl")):
                yield page.name, found.group(1)


CALLS = sorted(set(_calls()))


def test_the_page_of_commands_says_what_the_commands_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == cli_page(), "python -m tests.docs_cli writes it anew"


def test_there_are_calls_to_check() -> None:
    assert len([call for page, call in CALLS if page == "README.md"]) >= 12


@pytest.mark.parametrize(("page", "call"), CALLS)
def test_a_call_names_a_command_and_options_that_exist(page: str, call: str) -> None:
    known = commands()
    words = shlex.split(call.partition(" > ")[0])
    name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in known), None)
    assert name is not None, f"{page}: there is no command batcher {call}"
    assert not is_group(known[name]), f"{page}: batcher {call} names no command"
    given = {word.partition("=")[0] for word in words if word.startswith("-") and word != "-"} - {"[OPTIONS]"}
    assert given <= options(known[name]), f"{page}: batcher {call}"


def test_every_command_shows_an_example_of_itself() -> None:
    without = [
        words
        for words, command in commands().items()
        if not is_group(command) and f"Example: batcher {words}" not in str(command.help)
    ]
    assert without == []


def test_every_command_that_has_something_to_tell_tells_programs_too() -> None:
    # a daemon and machines tell by log and folder; schema and reference are documents themselves
    others = {"run", "station run", "rules schema", "rules reference"}
    found = {words for words, command in commands().items() if not is_group(command)}
    assert {words for words in found if "--json" not in options(commands()[words])} == others


def test_readme_opens_with_the_two_commands() -> None:
    lines = [line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if line.strip()]

    assert [line.split("#")[0].strip() for line in lines[:3]] == ["", "make run", "make test"]
