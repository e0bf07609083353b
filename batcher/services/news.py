"""
News told: made of the record of changes, and sent to every hook until it has taken it, or for three days.

A hook that fails is tried again after a while that doubles, with chance in it so that many do not come at once. One
that keeps failing is left alone, and then asked with a single piece. Each piece keeps its id over all tries.
"""

import itertools
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import quote

import structlog

from batcher.dispatch.webhook import Answer, signature
from batcher.errors import DispatchError
from batcher.services.context import Floor
from batcher.services.giving_way import giving_way
from batcher.store import hooks, news
from batcher.store.hooks import Delivery, Hook
from batcher.store.news import NewsItem

log = structlog.get_logger()

#: Sends a body to an address with headers.
Post = Callable[[str, bytes, Mapping[str, str]], Answer]

GIVEN_UP_AFTER = timedelta(days=3)
_FIRST_WAIT_S, _LONGEST_WAIT_S = 5.0, 4 * 3600.0
#: Failures in a row after which a hook is left alone, and for how long at first and at most.
_CIRCUIT, _PAUSE_S, _LONGEST_PAUSE_S = 5, 30.0, 3600.0
_EVENTS_AT_ONCE, _SENT_AT_ONCE, _HOOKS_AT_ONCE = 100, 50, 8
#: Seconds of the wall clock that one hook may take of a turn.
_TURN_S = 15.0


def cloud_event(item: NewsItem, site: str) -> dict[str, object]:
    """Return news as a CloudEvent (1.0, JSON); `sequence` counts within the order, without a gap."""
    return {
        "specversion": "1.0",
        "id": item.id,
        "source": f"/batcher/{quote(site, safe='')}",
        "type": f"batcher.{item.type}",
        "subject": item.order_key,
        "time": item.at.isoformat(),
        "datacontenttype": "application/json",
        "sequence": str(item.number),
        "data": {
            "order_key": item.order_key, "order_id": item.order_id, "source": item.source, "number": item.number,
            **item.data,
        },
    }  # fmt: skip


@dataclass(frozen=True)
class NewsDesk:
    """
    Makes news and sends it.

    Parameters
    ----------
    chance
        A number from 0 to 1, another one each time.
    """

    floor: Floor
    post: Post
    chance: Callable[[], float]

    def turn(self) -> int:
        """Tell what has happened since the last time; return how many pieces of news were made."""
        made = self.make()
        self.send()
        return made

    def make(self) -> int:
        """Make news of what was recorded, and put it on its way, in one commit a part."""
        count = 0
        # whoever waits to write would otherwise find the lock taken again
        for _ in giving_way(itertools.count(), times=1):
            with self.floor.store.read() as session:
                fresh = news.fresh_news(session, limit=_EVENTS_AT_ONCE)
            if fresh.up_to > fresh.behind:
                with self.floor.store.write() as session:
                    news.keep_news(session, fresh)
                    hooks.queue(session, fresh.items, self.floor.now())
            count += len(fresh.items)
            for item in fresh.items:
                self.floor.metrics.news.labels(type=item.type).inc()
            if fresh.at_end:
                break
        return count

    def send(self) -> None:
        """Send what is due to every hook, side by side: one that hangs holds up no other."""
        now = self.floor.now()
        with self.floor.store.read() as session:
            ready = [
                hook
                for hook in hooks.hooks(session)
                if hook.active and (hook.paused_until is None or hook.paused_until <= now)
            ]
        if ready:
            with ThreadPoolExecutor(_HOOKS_AT_ONCE, thread_name_prefix="hooks") as pool:
                for done in [pool.submit(self._send_to, hook) for hook in ready]:
                    done.result()

    def _send_to(self, hook: Hook) -> None:
        # one that has failed is asked with a single piece first
        limit = 1 if hook.failures else _SENT_AT_ONCE
        with self.floor.store.read() as session:
            waiting = hooks.due(session, hook.id, self.floor.now(), limit)
        until = time.monotonic() + _TURN_S
        for delivery, item in waiting:
            if not self._deliver(hook, delivery, item) or time.monotonic() > until:
                return

    def _deliver(self, hook: Hook, delivery: Delivery, item: NewsItem) -> bool:
        answer, why = self._try(hook, item)
        if answer is not None and answer.taken:
            self._note(hook, replace(delivery, state="delivered", attempts=delivery.attempts + 1, last_error=None), 0)
            return True
        failures = hook.failures + 1
        retry_after_s = 0.0 if answer is None else answer.retry_after_s
        self._note(hook, self._later(delivery, why, retry_after_s), failures, gone=answer is not None and answer.gone)
        return False

    def _try(self, hook: Hook, item: NewsItem) -> tuple[Answer | None, str]:
        body = json.dumps(cloud_event(item, self.floor.rules.current.site.name), ensure_ascii=False).encode()
        timestamp = int(time.time())  # the receiver compares it with the real time
        secrets = [hook.secret, *([hook.old_secret] if hook.old_secret else [])]
        headers = {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "webhook-id": item.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(signature(secret, item.id, timestamp, body) for secret in secrets),
        }
        try:
            answer = self.post(hook.url, body, headers)
        except DispatchError as error:
            return None, f"{error.reason}: {error}"
        return answer, f"answered {answer.status}"

    def _later(self, delivery: Delivery, why: str, retry_after_s: float) -> Delivery:
        now, attempts = self.floor.now(), delivery.attempts + 1
        wait_s = min(_FIRST_WAIT_S * 2 ** min(attempts - 1, 20), _LONGEST_WAIT_S) * (0.5 + self.chance() / 2)
        next_at = now + timedelta(seconds=max(wait_s, retry_after_s))
        if now - delivery.first_at >= GIVEN_UP_AFTER:
            return replace(delivery, state="dead", attempts=attempts, ended_at=now, last_error=why)
        return replace(delivery, attempts=attempts, next_at=next_at, last_error=why)

    def _note(self, hook: Hook, delivery: Delivery, failures: int, *, gone: bool = False) -> None:
        now = self.floor.now()
        pause_s = min(_PAUSE_S * 2 ** min(max(0, failures - _CIRCUIT), 20), _LONGEST_PAUSE_S)
        paused_until = now + timedelta(seconds=pause_s) if failures >= _CIRCUIT else None
        if delivery.state == "delivered":
            delivery = replace(delivery, ended_at=now)
        with self.floor.store.write() as session:
            hooks.note(session, delivery)
            if failures or hook.failures:
                hooks.change_hook(session, hook.id, failures=failures, paused_until=paused_until)
            if gone:
                hooks.change_hook(session, hook.id, active=False)
        outcome = "failed" if delivery.state == "waiting" else delivery.state
        self.floor.metrics.deliveries.labels(outcome=outcome).inc()
        if failures:
            log.warning("news_not_taken", hook=hook.name, why=delivery.last_error, failures=failures, gone=gone or None)
