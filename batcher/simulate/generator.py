"""
Made-up orders by the thousand: a consumer's day with an evening peak, few best-sellers and a long tail.

The same seed and start give the same orders, for ever. Recorded orders are read here too, so that whoever replays a
day need not care which kind it is.
"""

import gzip
import json
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, count
from pathlib import Path
from zoneinfo import ZoneInfo

from batcher.errors import ConfigError
from batcher.rules.ruleset import RuleSet
from batcher.simulate.personalisation import personalisation

#: Orders in each local hour of the day, relative to each other: few at night, a lunch-time rise, most at nine.
_HOURS = (
    0.55, 0.30, 0.15, 0.10, 0.10, 0.15, 0.35, 0.65, 0.90, 1.05, 1.15, 1.20,
    1.35, 1.20, 1.10, 1.10, 1.15, 1.25, 1.40, 1.70, 2.05, 2.10, 1.70, 1.25,
)  # fmt: skip
#: Orders on each weekday from Monday on, relative to each other.
_WEEKDAYS = (1.10, 1.05, 1.00, 1.00, 0.95, 0.85, 1.05)

_SERVICES = {"standard": 0.382, "next-day": 0.381, "economy": 0.157, "same-day": 0.080}
_TIERS = {"standard": 0.91, "gold": 0.09}
_CHANNELS = {"web": 0.52, "app": 0.22, "marketplace": 0.195, "phone": 0.04, "store": 0.025}
_COUNTRIES = {
    "United Kingdom": 0.93, "Ireland": 0.02, "Germany": 0.016, "France": 0.012, "Spain": 0.01, "Belgium": 0.007,
    "Netherlands": 0.005,
}  # fmt: skip
#: Share of a service or tier that the rules name and the tables above do not.
_OTHER_SHARE = 0.05
_ONE_PIECE = 0.9
#: How steeply sales fall from the best-seller to the next; 1 would be Zipf's own law, real catalogues are flatter.
_ZIPF = 0.6


def orders(rules: RuleSet, *, seed: int, start_at: datetime, rate_per_day: float) -> Iterator[dict[str, object]]:
    """
    Yield order documents without end, oldest first.

    Parameters
    ----------
    rules
        Whose catalogue is sold, whose services are promised, and in whose zone it is evening.
    start_at
        No order is placed before, aware.
    rate_per_day
        Mean over a week.

    Raises
    ------
    ConfigError
        When the catalogue is empty.
    """
    if not rules.catalogue:
        raise ConfigError("the catalogue is empty: there is nothing to order")
    chance = random.Random(f"orders {seed}")  # noqa: S311 - chance, no secret
    skus = list(rules.catalogue)
    chance.shuffle(skus)  # which ones sell best
    popularity = list(accumulate(1 / rank**_ZIPF for rank in range(1, len(skus) + 1)))
    services, tiers = _shares(rules.services, _SERVICES), _shares(rules.tiers, _TIERS)
    arrivals = _arrivals(chance, start_at, rate_per_day, rules.site.zone)
    for number, placed_at in zip(count(1), arrivals, strict=False):
        pieces = 1 if chance.random() < _ONE_PIECE else chance.choices((2, 3, 4, 5), (6, 3, 1, 1))[0]
        split = pieces > 1 and chance.random() < 0.6  # several things, rather than one thing several times
        bought = chance.choices(skus, cum_weights=popularity, k=pieces if split else 1)
        yield {
            "order_id": f"{start_at:%y%m%d%H%M%S}-{seed}-{number:06}",
            "placed_at": placed_at.astimezone(rules.site.zone).isoformat(timespec="seconds"),
            "channel": _one_of(chance, _CHANNELS),
            "service": _one_of(chance, services),
            "tier": _one_of(chance, tiers),
            "country": _one_of(chance, _COUNTRIES),
            "lines": [
                _line(chance, rules, sku, 1 if split else pieces, position) for position, sku in enumerate(bought, 1)
            ],
        }


def write_drop(folder: Path, documents: Sequence[Mapping[str, object]]) -> Path | None:
    """Put orders into a drop folder as one JSONL file named for its first order; none for no orders."""
    if not documents:
        return None
    name = f"{documents[0]['order_id']}.jsonl"
    hidden = folder / f".{name}.tmp"
    with hidden.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)
        file.flush()
        os.fsync(file.fileno())
    return hidden.rename(folder / name)


def trace_orders(path: Path) -> Iterator[dict[str, object]]:
    """Yield the order documents of a recorded trace (.jsonl or .jsonl.gz), as they were recorded."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def _arrivals(chance: random.Random, start_at: datetime, rate_per_day: float, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield instants of a Poisson process whose rate follows the local hour and weekday, by thinning."""
    mean = sum(_HOURS) / 24 * sum(_WEEKDAYS) / 7
    highest = max(_HOURS) * max(_WEEKDAYS)
    at = start_at
    while True:
        at += timedelta(seconds=chance.expovariate(rate_per_day * highest / mean / 86_400))
        there = at.astimezone(zone)
        if chance.random() < _HOURS[there.hour] * _WEEKDAYS[there.weekday()] / highest:
            yield at


def _line(chance: random.Random, rules: RuleSet, sku: str, quantity: int, position: int) -> dict[str, object]:
    product = rules.products[rules.catalogue[sku].product]
    return {
        "line_id": str(position),
        "sku": sku,
        "quantity": min(quantity, product.max_quantity),
        "text": personalisation(chance, product.text.max_characters),
    }


def _shares(known: Mapping[str, object], shares: Mapping[str, float]) -> dict[str, float]:
    """Return shares of the ids that the rules know."""
    return {ident: shares.get(ident, _OTHER_SHARE) for ident in known}


def _one_of(chance: random.Random, shares: Mapping[str, float]) -> str:
    return chance.choices(list(shares), list(shares.values()))[0]
