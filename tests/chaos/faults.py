"""What befalls a floor, at random from a seed; every fault ends by itself."""

import time
from collections import Counter
from dataclasses import dataclass, field

from batcher.store.leadership import Leader
from tests.chaos.floor import LEASE_S, Floor

#: Seconds between two faults, at least and at most.
_REST_S = (1.0, 8.0)
#: Stretches in which the server is restarted again and again: seconds each, and between two restarts.
_STRETCH_S, _BETWEEN_S = (10.0, 40.0), (2.0, 6.0)
#: Seconds between two looks at who leads.
_LOOK_S = 0.2
#: Seconds after such a stretch in which nothing else befalls, so that it can be seen how fast orders are taken again.
_CALM_S = 15.0
_KINDS = {
    "daemon killed": 4, "daemon paused": 3, "daemon cut off": 3, "daemon stopped": 2, "stations killed": 3,
    "stations paused": 2, "client killed": 3, "client paused": 1, "server restarted, for a stretch": 2,
}  # fmt: skip


@dataclass
class TakeOver:
    """A leader that was struck down while another stood by, and when the other led."""

    since: float
    epoch: int
    how: str


@dataclass
class Seen:
    """What was done to a floor, and how it bore it."""

    faults: Counter[str] = field(default_factory=Counter)
    take_overs_s: list[tuple[str, float]] = field(default_factory=list)  #: by what was done to the leader
    restarted: list[float] = field(default_factory=list)  #: the last restart of each stretch, by the wall clock


class Chaos:
    """Strikes, and watches who leads."""

    def __init__(self, floor: Floor) -> None:
        self._floor, self.seen = floor, Seen()
        self._next = self._cut_until = self._stretch_until = self._restart_at = 0.0
        self._awaited: TakeOver | None = None
        self._look_at = self._restarted = 0.0

    def run(self, seconds: float) -> None:
        """Strike at random for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._turn(time.monotonic())
            time.sleep(0.05)  # faults come by the clock, not by what happens

    def end(self) -> None:
        """Undo what lasts."""
        for proxy in self._floor.proxies.values():
            proxy.mend()
        for actor in self._floor.actors:
            actor.tick(float("inf"))

    def _turn(self, now: float) -> None:
        self._floor.tick()
        if now >= self._cut_until:
            for proxy in self._floor.proxies.values():
                proxy.mend()
        if now < self._stretch_until:
            if now >= self._restart_at:
                self._restart_server()
        elif self._restarted:
            self.seen.restarted.append(self._restarted)
            self._restarted, self._next = 0.0, now + _CALM_S
        elif now >= self._next:
            self._next = now + self._chance(_REST_S)
            self._strike(now)
        self._look(now)

    def _strike(self, now: float) -> None:
        chance, floor = self._floor.chance, self._floor
        kind = chance.choices(list(_KINDS), list(_KINDS.values()))[0]
        who, _, what = kind.partition(" ")
        if who == "server":
            self._awaited = None  # nobody can lead without it
            self._stretch_until, self._restart_at = now + self._chance(_STRETCH_S), now
        elif who == "daemon":
            leader = floor.leader()
            name = floor.name_of(leader) if leader is not None else None
            # mostly the leader: what befalls a standby is seldom of interest
            struck = name if name is not None and chance.random() < 0.8 else chance.choice(sorted(floor.daemons))
            if leader is not None and struck == name and self._another_stands_by(struck):
                self._awaited = TakeOver(now, leader.epoch, kind)
            self._strike_daemon(struck, what, now)
        else:
            actor = chance.choice([actor for actor in floor.others if actor.name.startswith(who)])
            if what == "killed":
                actor.kill()
            else:
                actor.pause(now + chance.uniform(0.5, 4))
        self.seen.faults[kind] += 1

    def _strike_daemon(self, name: str, what: str, now: float) -> None:
        daemon = self._floor.daemons[name]
        if what == "killed":
            daemon.kill()
        elif what == "stopped":
            daemon.ask_to_end()
        elif what == "paused":
            daemon.pause(now + LEASE_S * self._floor.chance.uniform(0.5, 4))
        else:
            self._floor.proxies[name].cut()
            self._cut_until = now + LEASE_S * self._floor.chance.uniform(0.5, 4)

    def _restart_server(self) -> None:
        self._floor.server.stop()
        time.sleep(self._chance((0.0, 1.5)))  # how long the server is gone
        self._floor.server.start()
        self._restarted = time.time()
        self.seen.faults["server restarted"] += 1
        self._restart_at = time.monotonic() + self._chance(_BETWEEN_S)

    def _look(self, now: float) -> None:
        """See whether another leads, after its leader was struck down."""
        awaited = self._awaited
        if awaited is None or now < self._look_at:
            return
        self._look_at = now + _LOOK_S
        leader = self._floor.leader()
        if leader is not None and leader.epoch > awaited.epoch:
            self.seen.take_overs_s.append((awaited.how, now - awaited.since))
            self._awaited = None
        elif not any(self._floor.stands_by(name) or self._leads(name, leader) for name in self._floor.daemons):
            self._awaited = None  # the one that should have followed was struck too

    def _leads(self, name: str, leader: Leader | None) -> bool:
        return leader is not None and self._floor.name_of(leader) == name

    def _another_stands_by(self, name: str) -> bool:
        return any(other != name and self._floor.stands_by(other) for other in self._floor.daemons)

    def _chance(self, bounds: tuple[float, float]) -> float:
        return self._floor.chance.uniform(*bounds)
