"""Rules that are checked, tried on the live queue: what a reload would refuse, told before it is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from batcher.cli.floors import reading_floor
from batcher.errors import Fault, RulesError
from batcher.rules.ruleset import RuleSet
from batcher.services.plan_view import latest_view
from batcher.services.trial import try_rules


@dataclass(frozen=True)
class QueueTrial:
    """The live queue under other rules; `stranded` is why they are refused, empty when they are not."""

    stranded: tuple[Fault, ...] = ()
    jobs: int = 0
    batches: int = 0
    late_orders: int = 0
    left_out: Mapping[str, str] = field(default_factory=dict)  #: jobs no plan could take before either, with why


def try_on_queue(rules: RuleSet) -> QueueTrial:
    """
    Return what the queue of this process' settings would be under some rules; nothing is kept.

    Measured against the plan in force, so that rules which were changed where the daemon reads them are tried too.
    """
    with reading_floor() as floor:
        with floor.store.read() as session:
            plan = latest_view(session)
        before = {} if plan is None else plan.left_out
        try:
            trial = try_rules(floor, rules, left_out_before=before)
        except RulesError as error:
            return QueueTrial(stranded=error.faults)
    verdict = trial.result.verdict
    return QueueTrial((), verdict.jobs, verdict.batches, verdict.late_orders, trial.left_out)
