"""A floor's own judgement for commands that ran one: its database against what its virtual stations wrote down."""

from batcher.cli.floors import reading_floor
from batcher.cli.station import machine_folders
from batcher.settings import Settings
from batcher.simulate.checker import FloorCheck, check_floor
from batcher.store.whole import read_whole


def checked(settings: Settings, *, finished: bool) -> FloorCheck:
    """
    Compare the floor's database with its stations' logs.

    Parameters
    ----------
    finished
        Whether everything should be made by now; else open jobs are no loss.
    """
    with reading_floor(settings) as floor:
        rules = floor.rules.current
        machines = [machine_folders(settings.state_dir, station) for station in rules.stations.values()]
        with floor.store.read() as session:
            whole = read_whole(session)
    return check_floor(whole, rules, machines, finished=finished)
