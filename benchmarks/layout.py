"""
How well sheets are packed: our packing, in Python and compiled, beside rectpack's, on the sheets that floors have.

    python -m benchmarks.layout [--queues 6] [--pieces 60] [--out results.json]

Pieces come from the floor problems (film) and from recorded orders of the demonstration floor (bags on film,
sublimation sheets), both under BATCHER_SHARED (default ../shared). Three questions: how full is one sheet when a queue
is gone through and every piece taken that still fits; how many sheets take the whole queue, each piece going to the
first that still takes it; and how many equal pieces a sheet takes. Times are processor time for each set that is tried.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numba
from rectpack import guillotine, maxrects, skyline

from batcher.planning import kernel_layout
from batcher.planning import kernel_tables as t
from batcher.planning.index import index
from batcher.planning.kernel_state import memory_of
from batcher.planning.layout import Packer, Shape
from batcher.planning.problem import Changeovers, Family, Job, Mode, Order, Problem, SheetSize, Station
from benchmarks.layout_supplies import Supply, demonstration, film

#: Tells whether shapes, in sorted order, can be laid on a sheet.
Fits = Callable[[tuple[Shape, ...]], bool]
_ORDERS: dict[str, Callable[[Shape], tuple[int, ...]]] = {
    "area": lambda shape: (-shape.long * shape.short, -shape.long),
    "long side": lambda shape: (-shape.long, -shape.short),
    "short side": lambda shape: (-shape.short, -shape.long),
    "perimeter": lambda shape: (-shape.long - shape.short, -shape.long),
}
_RECTPACK = {
    "MaxRects BSSF": (maxrects.MaxRectsBssf,),
    "MaxRects BLSF": (maxrects.MaxRectsBlsf,),
    "MaxRects BAF": (maxrects.MaxRectsBaf,),
    "MaxRects BL": (maxrects.MaxRectsBl,),
    "skyline MWF": (skyline.SkylineMwf,),
    "skyline BL with waste map": (skyline.SkylineBlWm,),
    "guillotine BSSF, SAS": (guillotine.GuillotineBssfSas,),
    "guillotine BAF, MAXAS": (guillotine.GuillotineBafMaxas,),
}


@dataclass
class Row:
    """How one way to pack did; fill in percent by supply, sheets by supply, milliseconds a call."""

    packing: str
    fill: dict[str, float]
    sheets: dict[str, int]
    equal: dict[str, int]
    ms: float


def main() -> int:
    """Measure every way to pack on the same queues, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queues", type=int, default=6, help="queues drawn of each supply")
    parser.add_argument("--pieces", type=int, default=60, help="pieces in a queue")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    supplies = [*film(), *demonstration()]
    chance = random.Random(1)
    queues = {
        supply.name: [
            tuple(chance.sample(supply.pieces, min(options.pieces, len(supply.pieces)))) for _ in range(options.queues)
        ]
        for supply in supplies
    }
    rows = [_measured(name, make, supplies, queues) for name, make in _packings().items()]
    _print(rows, supplies, queues)
    if options.out:
        options.out.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    return 0


def _packings() -> dict[str, Callable[[Supply], Fits]]:
    """Return every way to pack, as what makes it ready for a supply."""
    ways: dict[str, Callable[[Supply], Fits]] = {"batcher": _ours, "batcher, compiled": _compiled}
    for name, algorithms in _RECTPACK.items():
        ways[f"rectpack {name}"] = lambda supply, these=algorithms: _rectpack(supply.sheet, these)  # type: ignore[misc]
    everything = tuple(algorithm for algorithms in _RECTPACK.values() for algorithm in algorithms)
    ways["rectpack, all of these"] = lambda supply: _rectpack(supply.sheet, everything)
    return ways


def _ours(supply: Supply) -> Fits:
    packer = Packer(supply.sheet)
    return lambda shapes: packer.pack(shapes) is not None


def _compiled(supply: Supply) -> Fits:
    """Return the packing of the compiled search, over a memory that knows every shape of the supply."""
    shapes = sorted(set(supply.pieces))
    most = max(supply.sheet.width * supply.sheet.height // (shape.long * shape.short) for shape in shapes) + 1
    jobs = [
        Job(f"{place}-{copy}", "o", "f", width=shape.long, height=shape.short, rotate=not shape.fixed)
        for place, shape in enumerate(shapes)
        for copy in range(most if place == 0 else 1)
    ]
    mode = Mode("s", 0, 0, sheet=supply.sheet)
    problem = Problem(
        name=supply.name, horizon=1, stations=(Station("s", ((0, 1),), "x", 0, 0),),
        changeovers=Changeovers(("x",), ((0,),), ((0,),)), families=(Family("f", "x", (mode,)),),
        orders=(Order("o", 0, 0, 0),), jobs=tuple(jobs),
    )  # fmt: skip
    memory = memory_of(index(problem), [], 1)
    first, place_of = int(memory[t.PACKING]), {shape: place for place, shape in enumerate(shapes)}

    def fits(pieces: tuple[Shape, ...]) -> bool:
        memory[first : first + len(pieces)] = [place_of[shape] for shape in pieces]
        return bool(_compiled_packer()(memory, len(pieces), 0))

    fits(supply.pieces[:1])  # compiled now, not while the time is taken
    return fits


@cache
def _compiled_packer() -> Callable[[t.Ints, int, int], bool]:
    """Return a door for others into what only compiled code can call."""

    def door(memory: t.Ints, count: int, sheet: int) -> bool:
        return kernel_layout.pack(memory, count, sheet)

    return numba.njit()(door)


def _rectpack(sheet: SheetSize, algorithms: Sequence[Callable[..., object]]) -> Fits:
    """Return rectpack's answer: yes when any of the algorithms lays the shapes in any of the orders."""
    gap = sheet.gap

    def lays(algorithm: Callable[..., object], ordered: list[Shape]) -> bool:
        packer = algorithm(sheet.width + gap, sheet.height + gap, rot=True)
        for shape in ordered:
            packer.rot = not shape.fixed  # type: ignore[attr-defined]
            if packer.add_rect(shape.long + gap, shape.short + gap) is None:  # type: ignore[attr-defined]
                return False
        return True

    def fits(shapes: tuple[Shape, ...]) -> bool:
        orders = [sorted(shapes, key=order) for order in _ORDERS.values()]
        return any(lays(algorithm, ordered) for algorithm in algorithms for ordered in orders)

    return fits


def _measured(
    name: str,
    make: Callable[[Supply], Fits],
    supplies: Sequence[Supply],
    queues: dict[str, list[tuple[Shape, ...]]],
) -> Row:
    row, calls, seconds = Row(name, {}, {}, {}, 0.0), 0, 0.0
    for supply in supplies:
        asked = _Asked(make(supply), supply.sheet)
        drawn = queues[supply.name]
        fills = [_area(asked.filled(queue), SheetSize(0, 0)) for queue in drawn]
        row.fill[supply.name] = 100 * sum(fills) / len(fills) / (supply.sheet.width * supply.sheet.height)
        row.sheets[supply.name] = sum(asked.sheets(queue) for queue in drawn)
        row.equal |= {
            f"{shape.long} × {shape.short} on {supply.name}": asked.most(shape) for shape in set(supply.pieces)
        }
        calls, seconds = calls + asked.calls, seconds + asked.seconds
    row.ms = 1000 * seconds / calls
    print(f"{name}: {calls} calls, {row.ms:.3f} ms each", file=sys.stderr, flush=True)
    return row


class _Asked:
    """A way to pack that is asked about each set of pieces once, with the time it takes."""

    def __init__(self, fits: Fits, sheet: SheetSize) -> None:
        self.fits, self.sheet = fits, sheet
        self.room = (sheet.width + sheet.gap) * (sheet.height + sheet.gap)
        self.known: dict[tuple[Shape, ...], bool] = {}
        self.calls, self.seconds = 0, 0.0

    def __call__(self, shapes: Sequence[Shape]) -> bool:
        if _area(shapes, self.sheet) > self.room:
            return False
        key = tuple(sorted(shapes))
        if key not in self.known:
            began = time.process_time()
            self.known[key] = self.fits(key)
            self.seconds += time.process_time() - began
            self.calls += 1
        return self.known[key]

    def filled(self, queue: Sequence[Shape]) -> list[Shape]:
        """Return what lies on one sheet once every piece of a queue that still fits has been taken."""
        taken: list[Shape] = []
        for shape in queue:
            if self([*taken, shape]):
                taken.append(shape)
        return taken

    def sheets(self, queue: Sequence[Shape]) -> int:
        """Return how many sheets take a queue when each piece goes to the first that still takes it."""
        begun: list[list[Shape]] = []
        for shape in queue:
            for taken in begun:
                if self([*taken, shape]):
                    taken.append(shape)
                    break
            else:
                begun.append([shape])
        return len(begun)

    def most(self, shape: Shape) -> int:
        """Return how many equal pieces a sheet takes."""
        count = 1
        while self([shape] * (count + 1)):
            count += 1
        return count


def _area(shapes: Sequence[Shape], sheet: SheetSize) -> int:
    return sum((shape.long + sheet.gap) * (shape.short + sheet.gap) for shape in shapes)


def _bound(supply: Supply, queues: Sequence[tuple[Shape, ...]]) -> int:
    """Return how many sheets the queues need by area alone, each piece grown by the gap."""
    room = (supply.sheet.width + supply.sheet.gap) * (supply.sheet.height + supply.sheet.gap)
    return sum(-(-_area(queue, supply.sheet) // room) for queue in queues)


def _print(rows: list[Row], supplies: list[Supply], queues: dict[str, list[tuple[Shape, ...]]]) -> None:
    kinds = {supply.name: supply.name.split()[0] for supply in supplies}
    heads = list(dict.fromkeys(kinds.values()))
    print(
        "| packing |"
        + "".join(f" fill, {head} |" for head in heads)
        + "".join(f" sheets, {head} |" for head in heads)
        + " ms a call |"
    )
    print("|---|" + "---|" * (2 * len(heads) + 1))
    for row in rows:
        cells = []
        for head in heads:
            found = [row.fill[name] for name, kind in kinds.items() if kind == head]
            cells.append(f"{sum(found) / len(found):.1f} %")
        cells += [str(sum(row.sheets[name] for name, kind in kinds.items() if kind == head)) for head in heads]
        print(f"| {row.packing} | {' | '.join(cells)} | {row.ms:.2f} |")
    bounds = [sum(_bound(s, queues[s.name]) for s in supplies if kinds[s.name] == head) for head in heads]
    print(f"| area bound | {' | '.join([''] * len(heads))} | {' | '.join(map(str, bounds))} | |")
    print()
    _print_equal(rows, supplies)


def _print_equal(rows: list[Row], supplies: list[Supply]) -> None:
    """Print how many equal pieces a sheet takes, where ways to pack differ or all miss the area bound."""
    chosen = [row for row in rows if row.packing.startswith("batcher") or row.packing.endswith("these")]
    print("| equal pieces on a sheet |" + "".join(f" {row.packing} |" for row in chosen) + " area bound |")
    print("|---|" + "---|" * (len(chosen) + 1))
    seen = set()
    for supply in supplies:
        room = (supply.sheet.width + supply.sheet.gap) * (supply.sheet.height + supply.sheet.gap)
        for shape in sorted(set(supply.pieces)):
            if shape.fixed or (shape, supply.sheet) in seen:
                continue
            seen.add((shape, supply.sheet))
            counts = [row.equal[f"{shape.long} × {shape.short} on {supply.name}"] for row in chosen]
            size = f"{shape.long} × {shape.short} on {supply.sheet.width} × {supply.sheet.height}"
            print(f"| {size} | {' | '.join(map(str, counts))} | {room // _area([shape], supply.sheet)} |")


if __name__ == "__main__":
    sys.exit(main())
