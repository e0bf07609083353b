"""
Which open orders are at risk or late: told when it begins and when it ends, and shown as gauges.

Nobody waits for it. With many open orders it takes most of a minute, in short parts, so that neither orders that come
in nor reports wait either; told to stop, it leaves the rest to the next start. When an order will be packed is
`expected`'s to say.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from batcher.services.context import Floor
from batcher.services.expected import OrderOutlook, outlooks_in_passing
from batcher.services.giving_way import giving_way
from batcher.store import news
from batcher.store.news import AT_RISK, LATE, ON_COURSE
from batcher.store.rows import chunks

#: Orders of which it is recorded in one commit that they are at risk, or no more: who writes too waits for each.
_TOLD_AT_ONCE = 50


def _never() -> bool:
    return False


def watch_outlooks(floor: Floor, stop: Callable[[], bool] = _never) -> None:
    """Tell what has begun, or ceased, to be at risk or late, and set its gauges; `stop` tells whether to leave off."""
    now = floor.now()
    outlooks = outlooks_in_passing(floor.store, floor.rules.current, now, stop)
    words = {outlook.key: outlook.word(now) for outlook in giving_way(outlooks)}
    if stop():
        return
    _set_risk(floor, outlooks, words)
    for part in giving_way(chunks(_changed(floor, words), _TOLD_AT_ONCE)):  # after a new plan: thousands
        if stop():
            return
        with floor.store.write() as session:
            news.note_outlooks(session, dict(part), now)


def _set_risk(floor: Floor, outlooks: Sequence[OrderOutlook], words: Mapping[str, str]) -> None:
    """Tell how much time open orders have left, as far as they are planned, and how many have too little."""
    count = Counter(words.values())
    floor.metrics.slack.observe_all(s for outlook in giving_way(outlooks) if (s := outlook.slack_s()) is not None)
    floor.metrics.orders_late.set(count[LATE])
    floor.metrics.orders_at_risk.set(count[AT_RISK])


def _changed(floor: Floor, words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the word for each order of which another was told last."""
    with floor.store.read() as session:
        before = news.outlooks_told(session)
    over = [(key, ON_COURSE) for key in giving_way(before) if key not in words]
    return over + [(key, word) for key, word in giving_way(words.items()) if before.get(key, ON_COURSE) != word]
