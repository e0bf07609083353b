"""Tables that were written by hand name exactly what the code has."""

import ast
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path

import pytest

from batcher.domain import states
from batcher.planning.release import RELEASING, Reason
from batcher.rules.sla import promise
from batcher.services.artwork import MISSING, PENDING, WRONG
from batcher.services.buyers import REMAKE
from batcher.services.quarantine import QUARANTINE_CODES

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
#: Where the code of a refusal stands among the arguments of a call.
_REFUSALS = {"refuse": 0, "PydanticCustomError": 0, "Fault": 2}


def _section(page: str, heading: str) -> str:
    """Return what stands under a heading of a page."""
    text = (DOCS / page).read_text(encoding="utf-8")
    section = re.split(rf"^#+ {heading}$", text, flags=re.MULTILINE)[1]
    return re.split(r"^#+ ", section, flags=re.MULTILINE)[0]


def _first_cells(page: str, heading: str) -> list[str]:
    """Return the codes in the first column of the table under a heading."""
    rows = re.findall(r"^\|([^|]*)\|", _section(page, heading), re.MULTILINE)
    found = [code for row in rows for code in re.findall("`(.+?)`", row)]
    assert found, f"{page} has no table under {heading}"
    assert len(found) == len(set(found)), "a code stands twice"
    return found


def _words(path: Path, calls: dict[str, int]) -> Iterator[str]:
    """Yield the words that stand at a certain place in calls of certain names."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        place = calls.get(node.func.id)
        if place is not None and len(node.args) > place:
            argument = node.args[place]
            if isinstance(argument, ast.Constant):
                yield str(argument.value)


def test_the_table_of_refusals_names_every_code_of_intake() -> None:
    in_code = {code for path in (ROOT / "batcher" / "intake").glob("*.py") for code in _words(path, _REFUSALS)}
    of_addresses = set(_words(ROOT / "batcher" / "net" / "addresses.py", {"_refused": 1}))

    assert set(_first_cells("intake.md", "Refused")) == in_code | of_addresses


def test_the_table_of_holdings_names_every_code_that_an_order_is_held_with() -> None:
    judged = set(_words(ROOT / "batcher" / "intake" / "accept.py", {"Held": 0}))
    texts = set(
        re.findall(r'yield "(text_\w+)"', (ROOT / "batcher" / "rules" / "texts.py").read_text(encoding="utf-8"))
    )
    promised = set(_words(Path(promise.__code__.co_filename), {"Fault": 2}))
    by_hand = {"by_hand"}
    artwork = {PENDING, MISSING, WRONG}
    assert '"by_hand"' in (ROOT / "batcher" / "services" / "actions.py").read_text(encoding="utf-8")

    assert set(_first_cells("intake.md", "Held")) == judged | texts | promised | by_hand | artwork | {
        *QUARANTINE_CODES,
        REMAKE,
    }


def test_the_table_of_reasons_names_every_reason_of_the_release_policy() -> None:
    assert _first_cells("release.md", "Released because") == [reason.value for reason in RELEASING]
    waiting = [reason.value for reason in Reason if reason not in RELEASING]
    assert _first_cells("release.md", "Not yet, because") == waiting


@pytest.mark.parametrize(
    ("heading", "steps"),
    [
        ("Order", states.ORDER_STEPS),
        ("Item", states.ITEM_STEPS),
        ("Job", states.JOB_STEPS),
        ("Batch", states.BATCH_STEPS),
        ("Ticket", states.TICKET_STEPS),
    ],
)
def test_the_life_of_an_order_tells_every_state_and_what_may_follow(
    heading: str, steps: Mapping[StrEnum, frozenset[StrEnum]]
) -> None:
    rows = [
        row.strip("| ").split("|") for row in _section("architecture.md", heading).splitlines() if row.startswith("| `")
    ]
    told = {cells[0].strip(" `"): _listed(cells[2] if len(cells) > 2 else "") for cells in rows}

    assert told == {state.value: {after.value for after in then} for state, then in steps.items()}


def _listed(cell: str) -> set[str]:
    """Return states as they are listed for people: without underscores, with remarks in brackets."""
    plain = re.sub(r" \(.*?\)", "", cell).strip()
    return {name.replace(" ", "_") for name in plain.split(", ") if name}
