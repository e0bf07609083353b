"""`batcher station run`: the whole demonstration floor's machines in one process."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from batcher.cli.station import machine_folders, station
from batcher.dispatch.folders import station_folders
from batcher.dispatch.hotfolder import HotFolder
from batcher.dispatch.report_folder import ReportFolder
from batcher.dispatch.ticket import ticket_bytes
from batcher.domain.batches import StationReport
from batcher.errors import NotFoundError
from batcher.rules.schema import load_rules
from tests.builders_stations import MONDAY, a_station, a_ticket
from tests.waiting import wait_for

RULES = Path(__file__).parents[3] / "config" / "floor"


@contextmanager
def running(state_dir: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [
        sys.executable, "-c", "from batcher.cli.station import station; station()", "run", *arguments,
        "--state-dir", str(state_dir), "--rules", str(RULES), "--speed", "1000",
        "--clock", f"{MONDAY.isoformat()}@{datetime.now(UTC).isoformat()}",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_every_station_of_the_rules_takes_makes_and_reports_its_tickets(tmp_path: Path) -> None:
    stations = load_rules(RULES).stations
    folders = {ident: station_folders(tmp_path, one) for ident, one in stations.items()}
    for ident in stations:
        folders[ident].create()
        transport = HotFolder(folders[ident])
        transport.stage("T1", ticket_bytes(a_ticket("T1", [f"{ident}-i"], station=ident, run_s=60)))
        transport.publish("T1")
    with running(tmp_path, "--all") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"acting as {', '.join(stations)} at 1000x\n"
        for ident in stations:
            wait_for((folders[ident].reports / "T1.3-done.json").exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    for ident in stations:
        found = [file.content for file in ReportFolder(folders[ident], ident).read()]
        assert [report.kind for report in found if isinstance(report, StationReport)] == ["accepted", "running", "done"]


def test_one_station_may_be_run_alone(tmp_path: Path) -> None:
    with running(tmp_path, "--station", "laser-2") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "acting as laser-2 at 1000x\n"
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
    assert [path.name for path in (tmp_path / "stations").iterdir()] == ["laser-2"]


@pytest.mark.parametrize("arguments", [[], ["--all", "--station", "uv-1"]])
def test_either_some_stations_are_named_or_all_are_taken(tmp_path: Path, arguments: list[str]) -> None:
    result = CliRunner().invoke(station, ["run", *arguments, "--state-dir", str(tmp_path), "--rules", str(RULES)])
    assert result.exit_code == 2
    assert "--all" in result.output


def test_a_station_that_the_rules_do_not_have_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(station, ["run", "--station", "x", "--state-dir", str(tmp_path), "--rules", str(RULES)])
    assert isinstance(result.exception, NotFoundError)
    assert "no station x" in str(result.exception)


def test_a_machine_lives_beside_its_hot_folder(tmp_path: Path) -> None:
    default = machine_folders(tmp_path, a_station())
    assert default.home == tmp_path / "stations" / "uv-1" / "in.machine"
    assert default.hot == station_folders(tmp_path, a_station()).hot
    configured = machine_folders(tmp_path, a_station(hot_folder="/rip/in"))
    assert (configured.hot, configured.home) == (Path("/rip/in"), Path("/rip/in.machine"))
