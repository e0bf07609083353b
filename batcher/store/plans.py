"""Plans, kept so that people can look at them: the latest and a few before it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlmodel import Session

from batcher.store import tables
from batcher.store.packed import Packed
from batcher.store.rows import columns


@dataclass(frozen=True)
class StoredPlan:
    """A tentative plan and how it came about."""

    id: str
    created_at: datetime
    rules_hash: str
    status: str
    cost: float
    bound: float | None
    greedy_cost: float | None
    seconds: float  #: it took to make
    jobs: int
    document: Packed
    problem_hash: str


def save_plan(s: Session, plan: StoredPlan, keep: int = 50) -> None:
    """Keep a plan, and of those before it the newest; `keep` in all."""
    plans = tables.plans
    s.execute(insert(plans), [vars(plan)])
    newest = select(plans.c.id).order_by(plans.c.created_at.desc(), plans.c.id.desc()).limit(keep)
    s.execute(delete(plans).where(plans.c.id.not_in(newest)))


def latest_plan(s: Session) -> StoredPlan | None:
    """Return the newest plan; none before the first."""
    plans = tables.plans
    newest = select(*columns(plans, StoredPlan)).order_by(plans.c.created_at.desc(), plans.c.id.desc()).limit(1)
    row = s.execute(newest).one_or_none()
    return None if row is None else StoredPlan(*row)


def latest_plan_id(s: Session) -> str | None:
    """Return which plan is the newest; none before the first."""
    plans = tables.plans
    newest = select(plans.c.id).order_by(plans.c.created_at.desc(), plans.c.id.desc()).limit(1)
    found: str | None = s.execute(newest).scalar_one_or_none()
    return found


def get_plan(s: Session, plan_id: str) -> StoredPlan | None:
    """Return one plan; none when it is no longer kept."""
    plans = tables.plans
    row = s.execute(select(*columns(plans, StoredPlan)).where(plans.c.id == plan_id)).one_or_none()
    return None if row is None else StoredPlan(*row)
