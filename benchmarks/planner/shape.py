"""
What the synthetic floor makes and on what: the figures `generator` draws from, nothing else.

They were read off the example problems, so that a floor of any size has their stations, fixtures, families, times and
money. Seconds are those of a floor at pace 1; a smaller floor is slower, so that it is busy with fewer jobs.
"""

from dataclasses import dataclass

from batcher.planning.problem import SheetSize


@dataclass(frozen=True)
class Process:
    """
    A kind of station.

    Parameters
    ----------
    near, far
        Seconds and cost of a changeover between fixtures of one setup, and between setups.
    work_s
        Seconds of work that one more station is bought for.
    """

    cost_per_hour: int
    batch_cost: int
    magazine: int
    setup_unattended: bool
    unattended: bool
    near: tuple[int, int]
    far: tuple[int, int]
    work_s: int = 90_000


@dataclass(frozen=True)
class Product:
    """
    What a process makes on one fixture.

    Parameters
    ----------
    seconds
        Of a batch, whatever it holds.
    capacity
        Pieces on the fixture; none on a sheet.
    serial
        Mean seconds that each piece adds, normally distributed.
    parallel
        Range of the seconds a piece has to stay in, uniformly distributed.
    scorches
        No piece may stay in for longer than the range and a fiftieth.
    """

    process: str
    setup: str
    name: str
    seconds: int
    capacity: int | None
    serial: float = 0.0
    parallel: tuple[int, int] | None = None
    scorches: bool = False

    @property
    def state(self) -> str:
        """Return the setup state of its station."""
        return f"{self.process}/{self.setup}/{self.name}"


@dataclass(frozen=True)
class Service:
    """How soon an order leaves: days until 17:00, when it must have been placed, and what being late costs."""

    share: float
    days: int
    placed_before_h: int
    late_cost: int
    late_cost_per_hour: int


PROCESSES = {
    "uv": Process(1400, 120, 6, False, True, (300, 150), (900, 400)),
    "laser": Process(900, 40, 3, True, True, (180, 60), (480, 200), work_s=136_000),
    "press": Process(1100, 60, 0, False, False, (240, 80), (420, 120)),
    "embroidery": Process(1600, 80, 0, False, False, (360, 100), (600, 220)),
    "dtf": Process(1000, 450, 10, True, True, (200, 50), (200, 50)),
}

PRODUCTS = (
    Product("uv", "cmyk", "case", 420, 20),
    Product("uv", "cmyk", "ornament", 560, 40),
    Product("uv", "cmyk", "sign", 540, 8),
    Product("uv", "cmyk-white", "coaster", 480, 24),
    Product("uv", "cmyk-white", "keyring", 600, 48),
    Product("uv", "cmyk-white", "slate", 500, 12),
    Product("laser", "co2", "board", 120, 12, serial=95),
    Product("laser", "co2", "flask", 150, 6, serial=68),
    Product("laser", "co2", "glass", 180, 8, serial=80),
    Product("laser", "fibre", "leather", 120, 20, serial=30),
    Product("laser", "fibre", "pen", 90, 50, serial=14),
    Product("laser", "fibre", "pendant", 100, 40, serial=18),
    Product("press", "flat", "jigsaw", 90, 6, parallel=(60, 80), scorches=True),
    Product("press", "flat", "mug15", 120, 18, parallel=(220, 260), scorches=True),
    Product("press", "mug", "cushion", 90, 4, parallel=(50, 75), scorches=True),
    Product("press", "mug", "mug11", 120, 24, parallel=(200, 240), scorches=True),
    Product("embroidery", "dark", "towel", 200, 6, parallel=(300, 1100)),
    Product("embroidery", "light", "cap", 260, 6, parallel=(350, 900)),
    Product("embroidery", "light", "robe", 240, 6, parallel=(400, 1500)),
    Product("dtf", "film", "tote", 460, None),
    Product("dtf", "film", "tshirt", 500, None),
)

FINISHES = ("black", "clear", "navy", "oak", "rose", "steel", "tan", "white")
SHEET = SheetSize(600, 1000, 5)
PRINTS = ((250, 300), (90, 60), (300, 120), (280, 350), (200, 260), (100, 100))

SERVICES = (
    Service(0.10, 0, 12, 900, 120),
    Service(0.45, 1, 17, 500, 60),
    Service(0.30, 2, 17, 300, 25),
    Service(0.15, 5, 17, 200, 10),
)

#: Seconds of a floor with up to so many jobs, as multiples of those at pace 1.
PACES = ((20, 12.0), (45, 10.0), (200, 6.0), (600, 8.0), (1500, 3.0), (3500, 2.0), (10_000, 1.5))
