"""A machine on simulated time: exact moments, its own setup, operators, luck."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from batcher.dispatch.ticket import ticket_bytes
from batcher.domain.batches import StationReport
from batcher.rules.floor import Changeover, Process, Station
from batcher.simulate.scenario import Scenario
from batcher.simulate.sim_machine import PieceNumbers, SimMachine
from tests.builders_stations import MONDAY, a_station, a_ticket, day_shift

EXACT = Scenario(fail_rate=0, time_noise=0)
UV = Process("uv-print", Changeover(420, 180))


def after(seconds: float) -> datetime:
    return MONDAY + timedelta(seconds=seconds)


def a_machine(station: Station | None = None, scenario: Scenario = EXACT) -> tuple[SimMachine, list[StationReport]]:
    told: list[StationReport] = []
    return SimMachine(station or a_station(), UV, scenario, PieceNumbers(), told.append), told


class Asked(TypedDict, total=False):
    """What a ticket may ask for otherwise than `a_ticket` does by itself."""

    sequence: int
    run_s: int
    changeover_s: int
    unattended_ok: bool


def give(machine: SimMachine, ticket_id: str, items: Sequence[str], at: datetime, **asked: Unpack[Asked]) -> None:
    machine.take(ticket_bytes(a_ticket(ticket_id, items, **asked)), at)


def moments(told: list[StationReport]) -> list[tuple[str, str, float]]:
    return [(report.ticket_id, report.kind, (report.at - MONDAY).total_seconds()) for report in told]


def test_a_ticket_is_accepted_at_once_and_made_after_its_run() -> None:
    machine, told = a_machine()
    give(machine, "T1", ["a", "b"], MONDAY, run_s=400)
    assert machine.next_at() == MONDAY
    machine.advance(MONDAY)
    assert machine.next_at() == after(400)
    machine.advance(after(400))
    assert moments(told) == [("T1", "accepted", 0), ("T1", "running", 0), ("T1", "done", 400)]
    assert machine.runs[0].made == ("a-1", "b-1")
    assert machine.next_at() is None


def test_tickets_run_by_their_sequence_one_after_the_other() -> None:
    machine, told = a_machine()
    for ticket_id, sequence in (("T1", 3), ("T2", 1), ("T3", 2)):
        give(machine, ticket_id, [ticket_id], MONDAY, sequence=sequence, run_s=100)
    machine.advance(after(1000))
    assert [at for at in moments(told) if at[1] == "done"] == [
        ("T2", "done", 100), ("T3", "done", 200), ("T1", "done", 300),
    ]  # fmt: skip


def test_the_changeover_is_the_one_it_needs_and_not_the_one_it_was_told() -> None:
    station = a_station()
    other = Station(**{**vars(station), "initial_state": "mug-jig"})
    machine, told = a_machine(other)
    give(machine, "T1", ["a"], MONDAY, run_s=100, changeover_s=0)
    give(machine, "T2", ["b"], MONDAY, run_s=100, changeover_s=420, sequence=2)
    machine.advance(after(1000))
    assert [at for at in moments(told) if at[1] == "done"] == [("T1", "done", 520), ("T2", "done", 620)]
    assert [(run.changeover_s, run.changeover_cost, run.changed_over) for run in machine.runs] == [
        (420, 180, True), (0, 0, False),
    ]  # fmt: skip


def test_nobody_there_means_waiting_for_the_morning_unless_there_is_a_magazine() -> None:
    evening = MONDAY.replace(hour=20)
    alone, _ = a_machine(a_station(attended=day_shift(), magazine=1))
    for number in (1, 2):
        give(alone, f"T{number}", [f"p{number}"], evening, sequence=number, unattended_ok=True, run_s=600)
    alone.advance(evening + timedelta(days=1))
    assert [run.loaded_at for run in alone.runs] == [evening, (MONDAY + timedelta(days=1)).replace(hour=7)]
    assert [run.unattended for run in alone.runs] == [True, False]


def test_a_breakdown_delays_what_lies_on_it_and_costs_no_running_time() -> None:
    machine, told = a_machine()
    give(machine, "T1", ["a"], MONDAY, run_s=400)
    machine.advance(MONDAY)
    machine.stand_still(after(100), after(700))
    machine.advance(after(2000))
    assert moments(told)[-1] == ("T1", "done", 1000)
    assert machine.runs[0].seconds == 400


def test_an_idle_machine_that_is_broken_down_begins_when_it_is_mended() -> None:
    machine, told = a_machine()
    machine.stand_still(MONDAY, after(900))
    give(machine, "T1", ["a"], after(10), run_s=100)
    machine.advance(after(2000))
    assert moments(told)[-1] == ("T1", "done", 1000)


def test_the_same_pieces_fail_under_one_seed_and_others_under_another() -> None:
    def failed(seed: int) -> tuple[str, ...]:
        machine, _ = a_machine(scenario=Scenario(seed=seed, fail_rate=0.3, time_noise=0))
        give(machine, "T1", [f"p{k}" for k in range(12)], MONDAY)
        machine.advance(after(1000))
        return machine.runs[0].failed

    assert 0 < len(failed(1)) < 12
    assert failed(1) == failed(1)
    assert failed(1) != failed(2)


def test_pieces_that_fail_are_named_and_a_ticket_of_which_all_fail_has_failed() -> None:
    machine, told = a_machine(scenario=Scenario(fail_rate=1, time_noise=0))
    give(machine, "T1", ["a"], MONDAY)
    machine.advance(after(1000))
    assert (told[-1].kind, told[-1].items) == ("failed", {})

    mixed, told = a_machine(scenario=Scenario(seed=1, fail_rate=0.3, time_noise=0))
    give(mixed, "T1", [f"p{k}" for k in range(12)], MONDAY)
    mixed.advance(after(1000))
    assert told[-1].kind == "done"
    assert {f"{item}-1" for item in told[-1].items} == set(mixed.runs[0].failed)


def test_running_times_scatter_about_what_was_planned() -> None:
    machine, _ = a_machine(scenario=Scenario(fail_rate=0, time_noise=0.1))
    for number in range(200):
        give(machine, f"T{number}", [f"p{number}"], MONDAY, sequence=number + 1, run_s=1000)
    machine.advance(MONDAY + timedelta(days=9))
    seconds = [run.seconds for run in machine.runs]
    assert 970 < sum(seconds) / len(seconds) < 1030
    assert 50 < (sum((s - 1000) ** 2 for s in seconds) / len(seconds)) ** 0.5 < 150
