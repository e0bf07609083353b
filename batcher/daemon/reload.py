"""
Rules, reloaded while the floor runs: read, validate, try on the live queue, then swap in one step.

Whatever goes wrong before the swap leaves the rules in force as they were; metrics and log say so.
"""

import time

import structlog

from batcher.errors import BatcherError, FaultsError, RulesError
from batcher.rules.files import CHANGED
from batcher.rules.ruleset import RuleSet
from batcher.rules.schema import load_rules
from batcher.services.context import Floor
from batcher.services.trial import try_rules
from batcher.store import stations

log = structlog.get_logger()

#: Seconds that an editor or a deployment is given to finish a file.
_SETTLE_S = 0.2


def reload_rules(floor: Floor) -> bool:
    """Put the rules on disk in force; return whether they are in force now."""
    in_force = floor.rules.current
    try:
        rules = _read(floor)
        if rules.hash != in_force.hash:
            try_rules(floor, rules)
            with floor.store.write() as session:
                stations.ensure_stations(session, list(rules.stations), floor.now())
    except Exception as error:  # noqa: BLE001 - whatever it was, the rules in force stay, and the next reload is heard
        floor.metrics.reload_success.set(0)
        _tell_refusal(error, in_force.hash)
        return False
    now = floor.now()
    note_in_force(floor, rules.hash)
    if rules.hash == in_force.hash:
        log.info("rules_unchanged", rules_hash=rules.hash)
        return True
    floor.rules.swap(rules, now)
    floor.replan.set()
    log.info("rules_in_force", rules_hash=rules.hash, before=in_force.hash)
    return True


def _tell_refusal(error: Exception, rules_hash: str) -> None:
    if not isinstance(error, BatcherError):
        log.error("rules_refused", rules_hash=rules_hash, code="bug", exc_info=error)
        return
    faults = [str(fault) for fault in error.faults] if isinstance(error, FaultsError) else [str(error)]
    log.error("rules_refused", rules_hash=rules_hash, code=error.code, faults=faults)


def _read(floor: Floor) -> RuleSet:
    """Read the rules; a file that was being replaced while it was read is read once more."""
    settings = floor.settings
    try:
        return load_rules(settings.rules, catalogue=settings.catalogue)
    except RulesError as error:
        if all(fault.code != CHANGED for fault in error.faults):
            raise
    time.sleep(_SETTLE_S)
    return load_rules(settings.rules, catalogue=settings.catalogue)


def note_in_force(floor: Floor, rules_hash: str) -> None:
    """Tell the metrics which rules are in force, since now."""
    floor.metrics.reload_success.set(1)
    floor.metrics.reload_at.set(time.time())
    floor.metrics.rules.info({"hash": rules_hash})
