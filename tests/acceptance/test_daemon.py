"""The real daemon as a process: signals, reloads, kills, and commands beside it."""

import json
import signal

import pytest

from tests.acceptance.conftest import RunningFloor
from tests.builders_floor import order_document

pytestmark = pytest.mark.slow


def orders(count: int) -> list[dict[str, object]]:
    return [order_document(placed_at="2026-11-23T08:45:00+00:00") for _ in range(count)]


def in_force(floor: RunningFloor) -> str:
    return str(floor.get("/v1/status").json()["rules_hash"])


def test_sighup_takes_good_rules_and_refuses_broken_ones_naming_every_fault(floor: RunningFloor) -> None:
    floor.start()
    before = in_force(floor)
    assert floor.daemon is not None
    release = floor.how.rules / "release.yaml"
    good = release.read_text()
    services = floor.how.rules / "services.yaml"
    services.write_text(services.read_text().replace("order_by:", "oder_by:", 2))
    release.write_text(good.replace("slack_floor: 45 min", "slack_floor: soon"))
    floor.daemon.send_signal(signal.SIGHUP)
    refused = floor.wait_for(lambda: floor.events("rules_refused"))
    assert isinstance(refused, list)
    faults = "\n".join(refused[-1]["faults"])
    assert faults.count("did you mean") == 2
    assert "release.yaml:" in faults
    assert in_force(floor) == before
    assert "batcher_rules_last_reload_successful 0.0" in floor.get("/metrics").text
    services.write_text(services.read_text().replace("oder_by:", "order_by:"))
    release.write_text(good.replace("slack_floor: 45 min", "slack_floor: 2 h"))
    floor.wait_for(lambda: in_force(floor) != before)
    assert "batcher_rules_last_reload_successful 1.0" in floor.get("/metrics").text


def test_a_station_added_while_the_floor_runs_gets_tickets_and_its_reports_are_read(floor: RunningFloor) -> None:
    floor.start()
    before = in_force(floor)
    (floor.how.rules / "more.yaml").write_text(
        "stations:\n  uv-3: {process: uv-print, magazine: 6, cost_per_hour_minor: 1, cost_per_batch_minor: 1}\n"
    )
    floor.wait_for(lambda: in_force(floor) != before)
    floor.started.append(floor.how.start_stations())
    floor.post("/v1/orders", orders(15))
    floor.wait_for(lambda: floor.get("/v1/tickets?station=uv-3&state=done").json())


def test_rules_that_would_strand_waiting_work_are_refused(floor: RunningFloor) -> None:
    floor.start()
    floor.post("/v1/orders", orders(3))
    before = in_force(floor)
    batching = floor.how.rules / "batching.yaml"
    rule = "  - id: same-product-and-finish"
    batching.write_text(batching.read_text().replace(rule, f"{rule}\n    where: {{channel: web}}"))
    refused = floor.wait_for(lambda: floor.events("rules_refused"))
    assert isinstance(refused, list)
    assert "3 waiting jobs could not be made" in refused[-1]["faults"][0]
    assert in_force(floor) == before


@pytest.mark.again
def test_sigterm_ends_what_is_under_way_and_exits_with_0(floor: RunningFloor) -> None:
    floor.start()
    floor.post("/v1/orders", orders(20))
    assert floor.daemon is not None
    floor.daemon.send_signal(signal.SIGTERM)
    assert floor.daemon.wait(30) == 0
    assert floor.events("daemon_stopped")[-1]["drained"] is True


def test_a_second_daemon_on_the_same_database_is_refused(floor: RunningFloor) -> None:
    floor.start()
    second = floor.command("run")
    assert second.returncode == 75
    assert str(floor.daemon.pid if floor.daemon else "") in second.stderr


def test_a_killed_daemon_goes_on_where_it_was_and_nothing_is_made_twice(floor: RunningFloor) -> None:
    floor.start(stations=True)
    sent = orders(45)
    assert {entry["outcome"] for entry in floor.post("/v1/orders", sent).json()["results"]} == {"created"}
    floor.wait_for(lambda: floor.get("/v1/status").json()["orders"]["in_production"])
    assert floor.daemon is not None
    floor.daemon.kill()
    floor.daemon.wait()
    floor.daemon = None
    floor.start()
    again = floor.post("/v1/orders", sent).json()["results"]
    assert {entry["outcome"] for entry in again} == {"replayed"}
    floor.wait_for(lambda: floor.get("/v1/status").json()["orders"]["complete"] >= 30)
    assert floor.command("db", "check").returncode == 0


def test_commands_act_through_the_running_daemon(floor: RunningFloor) -> None:
    floor.start()
    (order,) = orders(1)
    floor.post("/v1/orders", order)
    name = str(order["order_id"])
    assert floor.command("orders", "hold", name, "--reason", "wrong name").returncode == 0
    held = json.loads(floor.command("orders", "list", "--state", "held", "--json").stdout)
    assert [entry["order_id"] for entry in held] == [name]
    assert "wrong name" in floor.command("why", name).stdout
    assert floor.command("stations", "down", "uv-1", "--reason", "lamp").returncode == 0
    listed = json.loads(floor.command("stations", "list", "--json").stdout)
    assert {entry["id"]: entry["state"] for entry in listed}["uv-1"] == "down"
    assert floor.command("why", "NO-SUCH-ORDER").returncode == 1
    nowhere = floor.command("stations", "down", "nowhere", "--reason", "x")
    assert (nowhere.returncode, nowhere.stderr) == (1, "no station nowhere\n")
    refused = floor.command("orders", "hold", name, "--reason", "x" * 201)
    assert refused.returncode == 65
    assert "/reason" in refused.stderr


def test_settings_that_cannot_be_used_end_with_78_and_say_which(floor: RunningFloor) -> None:
    refused = floor.command("run", "--clock", "yesterday")
    assert refused.returncode == 78
    assert "BATCHER_CLOCK" in refused.stderr


def test_orders_from_the_drop_folder_are_taken_and_bad_ones_told(floor: RunningFloor) -> None:
    floor.start()
    drop = floor.how.state_dir / "drop"
    (good,) = orders(1)
    bad = good | {"order_id": "../etc/passwd"}
    (drop / "mixed.json").write_text(json.dumps([good, bad]))
    floor.wait_for(lambda: (drop / "bad" / "mixed.json.reason.txt").exists())
    assert "id_invalid" in (drop / "bad" / "mixed.json.reason.txt").read_text()
    assert floor.get(f"/v1/orders/{good['order_id']}").status_code == 200
