"""
Blanks that have run out and are back: pieces that need one are not begun meanwhile, and keep no others waiting.

Said by a person, or by a station that reports pieces as failed for `no_blank`. Which pieces wait is in `store.blanks`.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import structlog

from batcher.errors import NotFoundError
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor
from batcher.store import blanks
from batcher.store.session import Session

log = structlog.get_logger()

#: The reason with which a station reports that there was nothing to make pieces of.
NO_BLANK = "no_blank"


@dataclass(frozen=True)
class MissedBlank:
    """A blank that has run out, and how many pieces of open orders wait for it."""

    blank: str
    reason: str
    who: str
    since: datetime
    waiting: int


def missed_blanks(session: Session) -> tuple[MissedBlank, ...]:
    """Return what has run out, by name."""
    waiting = Counter(blanks.items_waiting(session).values())
    out = blanks.blanks_out(session).values()
    return tuple(MissedBlank(one.blank, one.reason, one.who, one.since, waiting[one.blank]) for one in out)


def check_known(rules: RuleSet, blank: str) -> None:
    """
    Check that a name is one of a blank.

    Raises
    ------
    NotFoundError
        The rules name nothing so.
    """
    product, _, finish = blank.partition("/")
    if finish and product in rules.products:
        known = any(entry.product == product and entry.finish == finish for entry in rules.catalogue.values())
    else:
        known = blank in rules.products or rules.entry(blank) is not None
    if not known:
        raise NotFoundError("product, product/finish or SKU", blank)


def say_out(floor: Floor, blank: str, *, reason: str, who: str) -> int:
    """
    Begin no more pieces of a product, a product/finish or a SKU; return how many pieces wait for it.

    What stations have in hand stays theirs.

    Raises
    ------
    NotFoundError
        The rules name nothing so.
    """
    check_known(floor.rules.current, blank)
    with floor.store.write() as session:
        blanks.run_out(session, [blank], reason, who, floor.now())
        waiting = sum(name == blank for name in blanks.items_waiting(session).values())
    tell_blanks(floor)
    log.warning("blank_out", blank=blank, who=who, waiting=waiting)
    return waiting


def say_back(floor: Floor, blank: str, *, reason: str, who: str) -> None:
    """
    Begin pieces of a blank again.

    Raises
    ------
    NotFoundError
        It has not run out.
    """
    with floor.store.write() as session:
        blanks.come_back(session, blank, reason, who, floor.now())
    tell_blanks(floor)
    log.info("blank_back", blank=blank, who=who)


def tell_blanks(floor: Floor) -> None:
    """Set the metrics of blanks, and have a plan made that knows of them."""
    refresh_blanks(floor)
    floor.replan.set()


def refresh_blanks(floor: Floor) -> None:
    """Set the metrics of blanks."""
    with floor.store.read() as session:
        out, waiting = blanks.blanks_out(session), blanks.items_waiting(session)
    floor.metrics.blanks_out.set(len(out))
    floor.metrics.items_without_blank.set(len(waiting))
