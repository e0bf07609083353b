"""Machines in a process of their own: ``python -m tests.machine_process ROOT SPEED FLOOR_AT REAL_AT FAIL_RATE IDS``."""

import signal
import sys
import threading
from datetime import datetime
from pathlib import Path

from batcher.domain.clock import Clock
from batcher.simulate.virtual_station import Machine, run_machines
from tests.builders_stations import a_station, machine_folders


def main() -> None:
    root, speed, floor_at, anchor_at, fail_rate, ids = sys.argv[1:]
    clock = Clock(float(speed), datetime.fromisoformat(floor_at), datetime.fromisoformat(anchor_at))
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    machines = [
        Machine(
            a_station(ident),
            machine_folders(Path(root), ident),
            started_at=clock.now(),
            fail_rate=float(fail_rate),
            seed=7,
        )
        for ident in ids.split(",")
    ]
    print("ready", flush=True)
    run_machines(machines, clock, stop)
    for machine in machines:
        machine.close()


if __name__ == "__main__":
    main()
