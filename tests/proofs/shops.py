"""
Three shops sell a recorded week: nothing is lost between them and the floor, and what was promised is kept.

`make shops-proof` plays the peak week and prints the figures. Two shops are real HTTP servers that are polled, one of
them faulty; the third asks over HTTP for a date before each of its orders, and posts them. Everybody who wants news has
a real HTTP server of their own, and one of these fails too. The floor is the daemon's own services behind its own API,
on a clock that goes from event to event: a week takes minutes, and no promise hangs on how fast this machine is. What
came of it is judged by `shop_accounts`.
"""

import argparse
import json
import logging
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import structlog

from batcher.dispatch import webhook
from batcher.domain.access import Scope
from batcher.domain.clock import SteppedClock
from batcher.rules.ruleset import RuleSet
from batcher.rules.schema import load_rules
from batcher.services.context import Floor
from batcher.services.news import NewsDesk
from batcher.services.sources import SourceDesk
from batcher.simulate.demand import Arrival, read_demand
from batcher.simulate.policies import named_policy
from batcher.simulate.run import Progress, Simulation
from batcher.simulate.scenario import Scenario
from batcher.simulate.sim_floor import simulated_floor
from batcher.store import hooks, orders
from tests.builders_access import token_with
from tests.builders_sources import serving
from tests.hook_receiver import Receiver, receiving
from tests.proofs.shop_accounts import Account, Answered, Heard, Told, account_of, faults_of
from tests.proofs.shop_servers import FaultyShop, SteadyShop
from tests.served_floor import served

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("BATCHER_SHARED", ROOT.parent / "shared"))
#: Between two looks of the floor at shops and hooks: while anything is sold, and some hours afterwards.
_EVERY, _LATER = timedelta(minutes=5), timedelta(hours=1)
_AFTERWARDS = timedelta(hours=6)
#: After the last order everybody who wants news must have heard all of it within.
_NEWS_WITHIN = timedelta(days=3)
#: What of an order a quote is asked with, beside where it goes.
_ASKED = ("lines", "service", "tier", "channel")
_SOURCE = """
  {name}:
    every: 5 min
    http:
      url: "{url}/orders"
      orders: orders
      private: true
      paging: page
      timeout: 1 s
      since: {{parameter: from, field: number, kind: number, overlap_numbers: 20}}
      acknowledge: {{url: "{url}/taken/{{id}}", id: id}}
    order:
      {{order_id: id, placed_at: at, service: service, tier: tier, channel: channel, country: country, lines: lines}}
    line: {{line_id: line_id, sku: sku, quantity: quantity, text: text}}
"""


@dataclass(frozen=True)
class Proof:
    """The week as it was sold, and what became of it."""

    account: Account
    faults: list[str]
    seconds: float


class Checkout:
    """The third shop: asks for a date, and orders, over HTTP; some orders it sends twice."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self._client = httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=None)
        self.answers: dict[str, Answered] = {}

    def sell(self, document: dict[str, object]) -> None:
        """Ask for a date, then order."""
        asked = {name: document[name] for name in _ASKED}
        began = time.perf_counter()
        answer = self._post("/v1/quotes", asked | {"destination": {"country": document["country"]}})
        seconds = time.perf_counter() - began
        if answer.status_code == 200:
            (offer,) = answer.json()["offers"]
            self.answers[str(document["order_id"])] = Answered.of(offer, seconds)
        for _ in range(1 + len(self.answers) % 10 // 9):
            self._post("/v1/orders", document).raise_for_status()

    def _post(self, path: str, content: dict[str, object]) -> httpx.Response:
        """Ask, and ask again what was not answered: a connection that was kept may have been closed meanwhile."""
        for _ in range(3):
            with suppress(httpx.TransportError):
                return self._client.post(path, json=content)
        return self._client.post(path, json=content)

    def close(self) -> None:
        """Ask nothing more."""
        self._client.close()


class ThreeShops:
    """How the orders of a week come to the floor: each through one of three shops, and news of them out again."""

    def __init__(
        self, floor: Floor, polled: Sequence[SteadyShop], checkout: Checkout, heard: Sequence[Receiver], last: datetime
    ) -> None:
        self._floor, self._polled, self._checkout, self._heard = floor, polled, checkout, heard
        self._sources = SourceDesk(floor, lambda: 1.0)
        self._news = NewsDesk(floor, partial(webhook.post, private=True, timeout_s=5.0), lambda: 1.0)
        self._newest = ""
        self._came, self._last = 0, last

    @property
    def every(self) -> timedelta | None:
        """Return how long it is until the next turn."""
        return _EVERY if self._floor.now() < self._last + _AFTERWARDS else _LATER

    @property
    def waiting(self) -> bool:
        """Tell whether a shop has orders that the floor has not told it to have."""
        return any(shop.open for shop in self._polled)

    def come(self, arrival: Arrival) -> None:
        """Sell something in the shop whose turn it is."""
        at = self._came % (len(self._polled) + 1)
        self._came += 1
        if at < len(self._polled):
            self._polled[at].sell(arrival.document)
        else:
            self._checkout.sell(arrival.document)

    def turn(self) -> None:
        """Do what the daemon's loops do for sources and news."""
        self._sources.turn()
        self._sources.finish()
        self._news.make()
        before = -1
        while before < (before := sum(len(receiver.got) for receiver in self._heard)):
            self._news.send()

    def take_in(self) -> list[str]:
        """Return the orders that have come in since the last time."""
        with self._floor.store.read() as session:
            new = orders.work_after(session, self._newest)
        self._newest = max(new, default=self._newest)
        return list(new)

    def finish(self, clock: SteppedClock) -> None:
        """Let time pass until all news is told."""
        until = clock.now() + _NEWS_WITHIN
        while clock.now() < until:
            self.turn()
            with self._floor.store.read() as session:
                if not any(hooks.due(session, hook.id, until, 1) for hook in hooks.hooks(session)):
                    break
            clock.set(clock.now() + timedelta(minutes=5))
        self._sources.stop()


def prove(
    trace: Path,
    catalogue: Path | None,
    *,
    days: float | None = None,
    seed: int = 0,
    policy: str = "ours",
    progress: Progress | None = None,
) -> Proof:
    """Play a week, or some of its days, and return what became of it."""
    began = time.monotonic()
    luck = random.Random(seed)
    with ExitStack() as stack:
        steady, faulty = SteadyShop(), FaultyShop(luck)
        urls = {name: stack.enter_context(serving(shop.answer)).url for name, shop in
                (("steady", steady), ("faulty", faulty))}  # fmt: skip
        rules = _rules(Path(stack.enter_context(tempfile.TemporaryDirectory())), catalogue, urls)
        arrivals = read_demand([trace], rules.site.zone, days=days)
        clock = SteppedClock(arrivals[0].at)
        floor = stack.enter_context(simulated_floor(rules, clock))
        floor = replace(floor, settings=floor.settings.model_copy(update={"private_hooks": True}))
        url = stack.enter_context(served(floor))
        office = token_with(floor, [Scope.HOOKS_WRITE, Scope.EVENTS_READ], name="office")
        own = token_with(floor, [Scope.ORDERS_WRITE, Scope.QUOTES, Scope.HOOKS_WRITE], source="checkout")
        # one wants everything and fails now and then, one the news of its own shop
        wants_all = stack.enter_context(receiving(*luck.choices((204, 500), (97, 3), k=60_000), 204))
        wants_own = stack.enter_context(receiving())
        heard = [Heard(wants_all, _hook(url, office, "all", wants_all.url), None),
                 Heard(wants_own, _hook(url, own, "own", wants_own.url), "checkout")]  # fmt: skip
        checkout = Checkout(url, own)
        stack.callback(checkout.close)
        shops = ThreeShops(floor, (steady, faulty), checkout, (wants_all, wants_own), arrivals[-1].at)
        runner = named_policy(policy, seed=seed)
        trail = Simulation(floor, clock, arrivals, Scenario(seed=seed), runner, progress=progress, entrance=shops).run()
        shops.finish(clock)
        told = Told(
            sold={"steady": steady.sold, "faulty": faulty.sold, "checkout": _others(arrivals, steady, faulty)},
            acknowledged={"steady": steady.taken, "faulty": faulty.taken},
            answers=checkout.answers,
            heard=heard,
            events=_all_events(url, office),
        )
        account = account_of(told, trail)
    return Proof(account, faults_of(account), time.monotonic() - began)


def _rules(directory: Path, catalogue: Path | None, urls: dict[str, str]) -> RuleSet:
    shutil.copytree(ROOT / "config" / "floor", directory, dirs_exist_ok=True)
    shapes = "".join(_SOURCE.format(name=name, url=url) for name, url in urls.items())
    (directory / "sources.yaml").write_text(f"sources:{shapes}", encoding="utf-8")
    return load_rules(directory, catalogue=catalogue)


def _others(arrivals: Sequence[Arrival], *polled: SteadyShop) -> dict[str, dict[str, object]]:
    elsewhere = {ident for shop in polled for ident in shop.sold}
    documents = (arrival.document for arrival in arrivals)
    return {str(one["order_id"]): one for one in documents if one["order_id"] not in elsewhere}


def _hook(url: str, headers: dict[str, str], name: str, receiver: str) -> str:
    """Have news sent to a receiver; return the secret that it is signed with."""
    answer = httpx.post(
        f"{url}/v1/hooks", json={"name": name, "url": receiver}, headers=headers, trust_env=False, timeout=None
    )
    return str(answer.raise_for_status().json()["secret"])


def _all_events(url: str, headers: dict[str, str]) -> list[dict[str, object]]:
    """Read all news there ever was, page by page."""
    found: list[dict[str, object]] = []
    after = "0"
    with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=None) as client:
        while page := client.get("/v1/events", params={"after": after, "limit": 1000}).raise_for_status().json():
            if not page["events"]:
                return found
            found += page["events"]
            after = page["next"]
    return found


def _tell(share: float) -> None:
    sys.stderr.write(f"\r{share:4.0%} of the orders have come")
    sys.stderr.flush()


def main() -> None:
    """Prove it, print the figures, and end with what is wrong with them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trace", default="orders-2011-11-14.jsonl.gz", help="recorded week")
    parser.add_argument("--days", type=float, help="only so many of its days")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.disable(logging.WARNING)
    data = SHARED / "data"
    proof = prove(data / args.trace, data / "catalogue.csv", days=args.days, seed=args.seed, progress=_tell)
    sys.stdout.write(json.dumps(proof.account.figures() | {"seconds": round(proof.seconds)}, indent=2) + "\n")
    sys.exit("\n".join(proof.faults) or None)


if __name__ == "__main__":
    main()
