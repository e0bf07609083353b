"""
Which open orders are at risk or late: told when it begins and when it ends, and shown as gauges.

Nobody waits for it. With many open orders it takes most of a minute, in short parts, so that neither orders that come
in nor reports wait either; told to stop, it leaves the rest to the next start. When an order will be packed is
`expected`'s to say.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from batcher.services.context import Floor
from batcher.services.expected import OrderOutlook, outlooks_in_passing
from batcher.services.giving_way import giving_way
from batcher.store import news
from batcher.store.rows import chunks

#: Orders of which it is recorded in one commit that they are at risk, or no more: who writes too waits for each.
_TOLD_AT_ONCE = 100


def _never() -> bool:
    return False


def watch_outlooks(floor: Floor, stop: Callable[[], bool] = _never) -> None:
    """Tell what has begun, or ceased, to be at risk or late, and set its gauges; `stop` tells whether to leave off."""
    now = floor.now()
    outlooks = outlooks_in_passing(floor.store, floor.rules.current, now, stop)
    if stop():
        return
    _set_risk(floor, outlooks, now)
    for part in giving_way(chunks(_changed(floor, outlooks, now), _TOLD_AT_ONCE)):  # after a new plan: thousands
        if stop():
            return
        with floor.store.write() as session:
            news.note_outlooks(session, dict(part), now)


def _changed(floor: Floor, outlooks: Sequence[OrderOutlook], now: datetime) -> list[tuple[str, str]]:
    """Return the word for each order of which another was told last."""
    told = {outlook.key: "late" for outlook in outlooks if outlook.leave_by_at < now}
    told |= {o.key: "at_risk" for o in outlooks if o.key not in told and (o.slack_s() or 0) < 0}
    with floor.store.read() as session:
        before = news.outlooks_told(session)
    words = dict.fromkeys(before, news.ON_COURSE) | told
    return [(key, word) for key, word in words.items() if before.get(key) != word]


def _set_risk(floor: Floor, outlooks: Sequence[OrderOutlook], now: datetime) -> None:
    """Tell how much time open orders have left, as far as they are planned."""
    floor.metrics.slack.observe_all(slack for outlook in outlooks if (slack := outlook.slack_s()) is not None)
    late = [outlook for outlook in outlooks if outlook.leave_by_at < now]
    at_risk = [o for o in outlooks if o.leave_by_at >= now and (o.slack_s() or 0) < 0]
    floor.metrics.orders_late.set(len(late))
    floor.metrics.orders_at_risk.set(len(at_risk))
