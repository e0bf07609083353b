"""What Ctrl-C and SIGTERM do to `batcher solve`, with real processes and real signals."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from batcher.cli.interrupts import wish_to_end
from batcher.planning.documents import load_json, read_plan, save_json, write_problem
from batcher.planning.verify import judge
from tests.builders_planning import job, two_ovens
from tests.waiting import wait_for

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@BOTH
def test_a_search_that_is_interrupted_writes_the_best_plan_so_far_and_exits_130(
    tmp_path: Path, number: signal.Signals
) -> None:
    problem = two_ovens([job(k, family="mug" if k % 3 else "tin", release=99 * k) for k in range(60)])
    save_json(tmp_path / "problem.json", write_problem(problem))
    files = [str(tmp_path / "problem.json"), "--out", str(tmp_path / "plan.json")]
    command = [sys.executable, "-m", "batcher.cli", "solve", *files, "--seconds", "600", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        wait_until_caught(process.pid, signal.SIGTERM)
        process.send_signal(number)
        told, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    verdict = judge(problem, read_plan(load_json(tmp_path / "plan.json")))
    assert verdict.feasible
    assert verdict.unplanned == 0
    assert json.loads(told)["cost"] == verdict.cost


def wait_until_caught(pid: int, number: signal.Signals) -> None:
    """Wait until a process has something of its own to do on a signal."""

    def caught() -> bool:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        mask = next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt:"))
        return bool(mask >> (number - 1) & 1)

    wait_for(caught)


@BOTH
def test_a_second_signal_does_what_it_always_does(number: signal.Signals) -> None:
    seen: list[int] = []
    before = signal.signal(number, lambda got, _: seen.append(got))
    try:
        with wish_to_end() as wish:
            assert not wish.poll()
            os.kill(os.getpid(), number)
            assert wish.poll()
            assert not seen
            os.kill(os.getpid(), number)
            assert seen == [number]
        os.kill(os.getpid(), number)
        assert seen == [number, number]
    finally:
        signal.signal(number, before)
