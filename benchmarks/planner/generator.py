"""
Floors of any size and seed, of the same shape as the example problems; what they are made of is in `shape`.

Stations grow with the work, so that a hundred thousand jobs are a larger factory and not a longer queue: its orders
fall due on the same days.

    python -m benchmarks.planner.generator 100000 --seed 0 --out build/floor-100000.json.gz
"""

import argparse
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from batcher.planning.documents import save_json, write_problem
from batcher.planning.problem import Changeovers, Family, Job, Link, Mode, Order, Problem, Station
from benchmarks.planner.shape import FINISHES, PACES, PRINTS, PROCESSES, PRODUCTS, SERVICES, SHEET, Process, Product

_HORIZON_S = 7 * 86_400
_HOUR_S, _DAY_S = 3600, 86_400
#: Operators are there from 06:00 to 22:00; couriers come at 17:00.
_ATTENDED_H, _COLLECTED_H = (6, 22), 17
#: Orders that come while the plan runs come within this; those that wait have been placed within that.
_COMING_S, _WAITED_S = 28_800, 40_000
_LAGS_S = (300, 900, 3600)


@dataclass(frozen=True)
class _Kind:
    """A family before it is one: a product in a finish, and how often it is bought."""

    product: Product
    finish: str
    weight: float

    @property
    def id(self) -> str:
        return f"{self.product.process}/{self.product.name}/{self.finish}"


def generate(jobs: int, *, seed: int = 0, hour: int = 7) -> Problem:
    """
    Return a floor with so many jobs, or the few more that complete its last order.

    Parameters
    ----------
    jobs
        At least so many.
    seed
        Of everything that is drawn; equal arguments give an equal problem.
    hour
        Time of day of the moment of planning, before 17: how much of the day is left for today's orders.
    """
    chance = random.Random(seed)
    pace = next((pace for most, pace in PACES if jobs <= most), 1.0)
    kinds = list(_kinds(chance))
    orders, made = _orders(chance, jobs, kinds, pace, hour)
    stations, speed = _stations(chance, _station_counts(made, kinds, least=1 if jobs < 100 else 2), hour)
    used = {job.family for job in made}
    return Problem(
        name=f"made-{len(made)}-{seed}",
        horizon=_HORIZON_S,
        stations=stations,
        changeovers=_changeovers(pace),
        families=tuple(_family(kind, stations, speed, pace) for kind in kinds if kind.id in used),
        orders=tuple(orders),
        jobs=tuple(made),
    )


def _kinds(chance: random.Random) -> Iterator[_Kind]:
    for product in PRODUCTS:
        popular = chance.lognormvariate(0, 0.5)
        shares = [chance.lognormvariate(0, 0.6) for _ in range(chance.randint(2, 4))]
        for finish, share in zip(chance.sample(FINISHES, len(shares)), shares, strict=True):
            yield _Kind(product, finish, popular * share / sum(shares))


def _orders(
    chance: random.Random, jobs: int, kinds: list[_Kind], pace: float, hour: int
) -> tuple[list[Order], list[Job]]:
    orders: list[Order] = []
    made: list[Job] = []
    weights = [kind.weight for kind in kinds]
    while len(made) < jobs:
        coming = chance.random() < 0.18
        release = chance.randrange(_COMING_S) if coming else 0
        placed_at = release if coming else -chance.randrange(_WAITED_S)
        order = _order(chance, f"o{len(orders)}", placed_at, hour)
        orders.append(order)
        for _ in range(chance.choices((1, 2, 3, 4), (85, 5, 5, 5))[0]):
            kind = chance.choices(kinds, weights)[0]
            made.append(_job(chance, len(made), order, kind, release, pace, ()))
            then = chance.choices(kinds, weights)[0]
            if chance.random() < 0.14 and then.product.process != kind.product.process:
                link = Link(made[-1].id, chance.choice(_LAGS_S))
                made.append(_job(chance, len(made), order, then, release, pace, (link,)))
    return orders, made


def _order(chance: random.Random, name: str, placed_at: int, hour: int) -> Order:
    """Return an order with its due: a day later when it was placed too late in the day for its service."""
    service = chance.choices(SERVICES, [service.share for service in SERVICES])[0]
    missed = placed_at > (service.placed_before_h - hour) * _HOUR_S
    due = (_COLLECTED_H - hour) * _HOUR_S + (service.days + missed) * _DAY_S
    return Order(name, due, service.late_cost, service.late_cost_per_hour)


def _job(
    chance: random.Random, number: int, order: Order, kind: _Kind, release: int, pace: float, after: tuple[Link, ...]
) -> Job:
    product = kind.product
    name = f"j{number}"
    if product.capacity is None:
        width, height = chance.choice(PRINTS)
        rotate = chance.random() < 0.8
        return Job(name, order.id, kind.id, release, width=width, height=height, rotate=rotate, after=after)
    size = chance.choices((1, 2, 3), (90, 5, 5))[0]
    serial = max(0.1, chance.gauss(1, 0.25)) * product.serial * size
    parallel = chance.uniform(*product.parallel) if product.parallel else 0
    return Job(
        name,
        order.id,
        kind.id,
        release,
        size=size,
        serial_seconds=int(serial * pace),
        parallel_seconds=int(parallel * pace),
        max_parallel_seconds=int(product.parallel[1] * 1.02 * pace) if product.parallel and product.scorches else None,
        after=after,
    )


def _station_counts(jobs: list[Job], kinds: list[_Kind], *, least: int) -> dict[str, int]:
    """Return how many stations of each process the work takes, each job charged its share of a full batch."""
    product_of = {kind.id: kind.product for kind in kinds}
    work = dict.fromkeys(PROCESSES, 0.0)
    for job in jobs:
        product = product_of[job.family]
        if product.capacity is None:
            share = (job.width + SHEET.gap) * (job.height + SHEET.gap) / (SHEET.width * SHEET.height)
        else:
            share = job.size / product.capacity
        work[product.process] += job.serial_seconds + share * (product.seconds + job.parallel_seconds)
    return {name: max(least, math.ceil(work[name] / process.work_s)) for name, process in PROCESSES.items()}


def _stations(chance: random.Random, counts: dict[str, int], hour: int) -> tuple[tuple[Station, ...], dict[str, float]]:
    """Return the stations, and how many seconds each takes for one of the fixture's."""
    first, last = _ATTENDED_H
    days = [((first - hour) * _HOUR_S + day * _DAY_S, (last - hour) * _HOUR_S + day * _DAY_S) for day in range(9)]
    attended = tuple((max(0, start), min(end, _HORIZON_S)) for start, end in days if start < _HORIZON_S)
    stations, speed = [], {}
    for process, count in counts.items():
        for number in range(1, count + 1):
            name = f"{process}-{number}"
            speed[name] = chance.choices((1.0, 0.85, 1.2), (6, 2, 2))[0]
            stations.append(_station(chance, name, process, PROCESSES[process], attended))
    return tuple(stations), speed


def _station(
    chance: random.Random, name: str, process: str, of: Process, attended: tuple[tuple[int, int], ...]
) -> Station:
    opens = chance.choices((0, 600, 1800), (60, 25, 15))[0]
    down = chance.randrange(20_000, 100_000) if chance.random() < 0.2 else None
    return Station(
        id=name,
        windows=((opens, _HORIZON_S),) if down is None else ((opens, down), (down + 7200, _HORIZON_S)),
        state=chance.choice([product.state for product in PRODUCTS if product.process == process]),
        cost_per_hour=of.cost_per_hour,
        changeover_cost_per_hour=of.cost_per_hour,
        attended=attended,
        magazine=of.magazine,
        setup_unattended=of.setup_unattended,
    )


def _changeovers(pace: float) -> Changeovers:
    products = sorted(PRODUCTS, key=lambda product: product.state)
    table = [[_changeover(before, after) for after in products] for before in products]
    return Changeovers(
        states=tuple(product.state for product in products),
        seconds=tuple(tuple(int(seconds * pace) for seconds, _ in row) for row in table),
        cost=tuple(tuple(cost for _, cost in row) for row in table),
    )


def _changeover(before: Product, after: Product) -> tuple[int, int]:
    if before is after or before.process != after.process:
        return 0, 0
    process = PROCESSES[before.process]
    return process.near if before.setup == after.setup else process.far


def _family(kind: _Kind, stations: tuple[Station, ...], speed: dict[str, float], pace: float) -> Family:
    product, process = kind.product, PROCESSES[kind.product.process]
    return Family(
        id=kind.id,
        state=product.state,
        unattended=process.unattended,
        modes=tuple(
            Mode(
                station=station.id,
                seconds=int(product.seconds * pace * speed[station.id]),
                cost=process.batch_cost,
                capacity=product.capacity,
                sheet=SHEET if product.capacity is None else None,
            )
            for station in stations
            if station.id.startswith(product.process + "-")
        ),
    )


def main() -> None:
    """Write the problem the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hour", type=int, default=7, help="time of day of the moment of planning")
    parser.add_argument("--out", type=Path, required=True, help="gzipped when it ends in .gz")
    options = parser.parse_args()
    save_json(options.out, write_problem(generate(options.jobs, seed=options.seed, hour=options.hour)))


if __name__ == "__main__":
    main()
