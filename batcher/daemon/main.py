"""
The running daemon: everything put together, started, kept going, and stopped.

The composition root: what exists is made here and handed down. What the parts do is theirs.
"""

import asyncio
import contextlib
import os
import platform
import random
import signal
import sqlite3
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from uvicorn.loops.auto import auto_loop_factory

import batcher
from batcher.api.app import create_app
from batcher.api.health import Health
from batcher.daemon.garbage import collect_now_and_then, settle
from batcher.daemon.heaps import share_heaps
from batcher.daemon.leader import keep_lead, patiently, wait_to_lead
from batcher.daemon.leave_token import leave_token
from batcher.daemon.logging import configure
from batcher.daemon.loops import Loop, Loops
from batcher.daemon.notify import Notifier, Watchdog, take_notifier
from batcher.daemon.reload import note_in_force, reload_rules
from batcher.daemon.server import Address, ApiServer, bind
from batcher.daemon.watch import changes
from batcher.dispatch import webhook
from batcher.domain.clock import FloorClock
from batcher.errors import DaemonUnavailableError, LeadershipLostError, RulesError, SettingsError
from batcher.metrics import Metrics
from batcher.rules.ruleset import RuleSet
from batcher.rules.schema import load_rules
from batcher.services.archiving import archive_finished
from batcher.services.artwork import ArtworkDesk
from batcher.services.context import Floor, RulesBox
from batcher.services.dispatching import StationDoors
from batcher.services.dropping import OrderDrop
from batcher.services.housekeeping import housekeep
from batcher.services.news import NewsDesk
from batcher.services.outlook_watch import watch_outlooks
from batcher.services.pacing import PlanPacer
from batcher.services.planner_process import PlannerProcess
from batcher.services.releasing import release_due
from batcher.services.safe_mode import look_for_restore
from batcher.services.shadow import watch_shadow
from batcher.services.sources import SourceDesk
from batcher.services.station_watch import watch_stations
from batcher.services.trial import deserted
from batcher.settings import Settings
from batcher.store import stations, tokens

T = TypeVar("T")

log = structlog.get_logger()

#: From here on a write and a checkpoint at the same moment cannot corrupt the log; we keep to one writer anyway.
_SQLITE_SOUND = (3, 51, 3)

#: A thread that gives up the interpreter for every database call waits so long to get it back from a planner that
#: does not: with Python's own 5 ms, releasing a batch beside a running plan takes half a second.
_SWITCH_S = 0.0005

#: Threads for the loops, the lease, reloads and what the event loop itself hands away.
_THREADS = 16

#: Stations to which tickets are handed over at the same time: what waits for the disk together waits once.
_HANDS = 8

#: Seconds of the wall clock in which a hook must have answered.
_HOOK_S = 10.0


def run(settings: Settings) -> None:
    """
    Run until told to stop.

    Raises
    ------
    ConfigError
        Settings or rules that cannot be used; nothing was started.
    StoreError
        The database is held by another process, or cannot be opened.
    """
    configure(settings.log_level, settings.log_format)
    sys.setswitchinterval(_SWITCH_S)
    share_heaps()
    notifier = take_notifier()
    clock = settings.floor_clock(datetime.now(UTC))
    floor = open_floor(settings, clock, notifier)
    try:
        with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
            runner.run(_Daemon(floor, notifier).run())
    finally:
        floor.store.close()
        notifier.close()


def open_floor(settings: Settings, clock: FloorClock, notifier: Notifier) -> Floor:
    """
    Return the floor of these settings: rules read, database brought up to date, and led.

    Raises
    ------
    RulesError
        They cannot be used, or lack a station that has tickets in hand: nobody would read its reports.
    """
    rules = load_rules(settings.rules, catalogue=settings.catalogue)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    settings.orders_dir.mkdir(parents=True, exist_ok=True)
    store, waited = wait_to_lead(settings.store_url, settings.lease_s, notifier)
    if waited:
        rules = _rules_of_now(settings, rules)
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    floor = Floor(store, RulesBox(rules, clock.now()), Metrics(registry), clock, settings)
    patiently(settings.store_url, notifier, lambda: _take_over(floor))
    floor.metrics.build.info({"version": batcher.__version__, "python": platform.python_version()})
    store.tell_failures(lambda code: floor.metrics.database_errors.labels(code=code).inc())
    if store.path is not None and sqlite3.sqlite_version_info < _SQLITE_SOUND:
        log.warning("sqlite_old", version=sqlite3.sqlite_version, wanted=".".join(map(str, _SQLITE_SOUND)))
    note_in_force(floor, rules.hash)
    return floor


def _take_over(floor: Floor) -> None:
    """See that the rules have every station that is needed, and the database every station of the rules."""
    rules = floor.rules.current
    faults = tuple(deserted(floor, rules))
    if faults:
        floor.store.close()
        raise RulesError(faults)
    with floor.store.write() as session:
        stations.ensure_stations(session, list(rules.stations), floor.now())


def _rules_of_now(settings: Settings, before: RuleSet) -> RuleSet:
    """Read the rules again after a wait; a floor whose leader has died is better led by those of before than not."""
    try:
        return load_rules(settings.rules, catalogue=settings.catalogue)
    except RulesError as error:
        log.error("rules_refused", rules_hash=before.hash, code=error.code, faults=[str(f) for f in error.faults])  # noqa: TRY400 - the faults tell it all
        return before


class _Daemon:
    """One run of the daemon inside its event loop."""

    def __init__(self, floor: Floor, notifier: Notifier) -> None:
        self._floor, self._notifier = floor, notifier
        self._doors = StationDoors(floor, hands=_HANDS)
        self._planner = PlannerProcess(floor, partial(configure, floor.settings.log_level, floor.settings.log_format))
        self._health = Health()
        post = partial(webhook.post, private=floor.settings.private_hooks, timeout_s=_HOOK_S)
        self._desk = NewsDesk(floor, post, random.random)
        self._sources = SourceDesk(floor, random.random)
        self._stop = asyncio.Event()
        self._reload = asyncio.Event()

    async def run(self) -> None:
        """Start everything, wait for a signal, stop everything."""
        settings = self._floor.settings
        # as many as may want one at a time: the lease is renewed also while every loop is at work
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS))
        guarded = self._patiently(self._is_guarded)
        bound = bind(settings, guarded=guarded)
        self._doors.open()
        self._patiently(lambda: look_for_restore(self._floor))
        self._on_signals()
        # from here on: what comes before the first answer may take longer than a lease
        leading = asyncio.create_task(keep_lead(self._floor.store, self._floor.metrics, self._stop))
        # in a thread of its own, so that the lease is renewed meanwhile
        app = await asyncio.to_thread(create_app, self._floor, self._health, operator=leave_token(settings))
        server = ApiServer(app, bound, settings.drain_s)
        loops = Loops(self._make_loops(), self._health, self._floor.metrics)
        address = await server.start()
        self._write_address(address)
        await asyncio.to_thread(self._patiently, lambda: self._floor.store.announce(address.url))
        settle()
        loops.start()
        self._health.set_ready()
        if not guarded:
            log.warning("api_unguarded", why="no token has been made: everybody on this machine may do everything")
        log.info("daemon_started", url=address.url, speed=settings.speed, rules_hash=self._floor.rules.current.hash)
        self._notifier.ready(f"running at {address.url}")
        tasks = [
            asyncio.create_task(Watchdog(self._notifier, self._health).run(self._stop)),
            asyncio.create_task(self._watch_rules()),
            asyncio.create_task(self._reload_when_told()),
            asyncio.create_task(collect_now_and_then(self._stop)),
        ]
        failed = await self._until_told(server, leading)
        self._health.set_not_ready("stopping")
        self._notifier.stopping("finishing what is under way")
        log.info("daemon_stopping")
        await server.stop()
        self._sources.stop()
        self._planner.hurry()
        drained = await loops.stop(settings.drain_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._planner.close()
        lost = await leading
        log.info("daemon_stopped", drained=drained)
        if lost is not None:
            raise lost
        if failed:
            raise DaemonUnavailableError("the API server ended by itself; the log tells why")

    async def _until_told(self, server: ApiServer, leading: "asyncio.Task[LeadershipLostError | None]") -> bool:
        """Wait until told to stop; tell whether something else ended first: who is deaf or leads no more must go."""
        serving, told = asyncio.create_task(server.wait()), asyncio.create_task(self._stop.wait())
        await asyncio.wait({serving, told, leading}, return_when=asyncio.FIRST_COMPLETED)
        failed = not self._stop.is_set()
        self._stop.set()
        for task in (serving, told):
            task.cancel()
        await asyncio.gather(serving, told, return_exceptions=True)
        return failed

    def _make_loops(self) -> list[Loop]:
        floor, real = self._floor, self._floor.clock.real_seconds
        settings = floor.settings
        pacer = PlanPacer(floor, self._planner)

        def loop(name: str, floor_s: float, run: Callable[[], object]) -> Loop:
            return Loop(name, real(floor_s), run)

        def planning_s() -> float:
            return floor.rules.current.planning.budget_s

        shadow = [] if settings.shadow_rules is None else [self._shadow_loop(settings.shadow_rules)]
        return [
            *shadow,
            loop("reports", settings.reports_s, self._read_reports),
            loop("poll", settings.poll_s, OrderDrop(floor).poll),
            Loop("plan", real(settings.plan_s / 4), pacer.turn, planning_s),
            loop("dispatch", settings.dispatch_s, self._dispatch),
            Loop("news", real(settings.news_s), self._desk.turn, lambda: 60.0),
            loop("sources", settings.poll_s, self._sources.turn),
            Loop("artwork", real(settings.poll_s), ArtworkDesk(floor, random.random).turn, lambda: 600.0),
            Loop("archive", real(settings.archive_s), lambda: archive_finished(floor), lambda: 600.0),
            loop("housekeeping", settings.housekeeping_s, lambda: housekeep(floor)),
            Loop("outlooks", real(settings.housekeeping_s), self._watch_outlooks, lambda: 600.0),
        ]

    def _shadow_loop(self, directory: Path) -> Loop:
        floor, settings = self._floor, self._floor.settings

        def look() -> None:
            watch_shadow(floor, lambda: load_rules(directory, catalogue=settings.catalogue))

        return Loop("shadow", floor.clock.real_seconds(settings.shadow_s), look, lambda: 60.0)

    # a reload opens other doors: each turn asks for those of now

    def _read_reports(self) -> None:
        self._doors.read()

    def _watch_outlooks(self) -> None:
        watch_outlooks(self._floor, self._stop.is_set)

    def _dispatch(self) -> None:
        try:
            watch_stations(self._floor, self._doors.reachable, self._doors.cut_off())
            release_due(self._floor)
        finally:  # what has been released is sent, whatever keeps the next batch back
            self._doors.send()

    def _on_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)

    def _told_to_stop(self) -> None:
        if self._stop.is_set():  # told twice: now
            os._exit(1)
        self._stop.set()

    async def _watch_rules(self) -> None:
        try:
            async for _ in changes(self._floor.settings.rules, self._stop):
                self._reload.set()
        except OSError as error:  # the system's limit of watches: SIGHUP still reloads
            log.error("rules_not_watched", why=str(error))  # noqa: TRY400 - the message tells it all

    async def _reload_when_told(self) -> None:
        while True:
            await self._reload.wait()
            self._reload.clear()
            self._notifier.reloading("reading the rules")
            in_force = await asyncio.to_thread(reload_rules, self._floor)
            if in_force:
                self._doors = await asyncio.to_thread(_open_doors, self._floor)
            self._notifier.ready("running" if in_force else "running; the rules on disk were refused")

    def _patiently(self, what: Callable[[], T]) -> T:
        return patiently(self._floor.settings.store_url, self._notifier, what)

    def _is_guarded(self) -> bool:
        with self._floor.store.read() as session:
            return tokens.any_token(session)

    def _write_address(self, address: Address) -> None:
        """Leave the API's address where the command line finds it, also when the system chose the port."""
        path = self._floor.settings.state_dir / "address"
        with contextlib.suppress(OSError):
            path.write_text(address.url + "\n", encoding="utf-8")


def _open_doors(floor: Floor) -> StationDoors:
    """Return the doors of the rules in force; a folder that cannot be used is its station's trouble alone."""
    doors = StationDoors(floor, hands=_HANDS)
    try:
        doors.open()
    except SettingsError as error:
        log.error("station_folders_unusable", why=str(error))  # noqa: TRY400 - the message tells it all
    return doors
