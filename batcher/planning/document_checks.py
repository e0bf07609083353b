"""What the parts of a `batcher-problem/1` document say of each other: references, limits and circles."""

from collections.abc import Iterable

from batcher.planning.json_fields import MISSING, Faults, Record
from batcher.planning.problem import Family, Job, Mode, Problem


def check_references(problem: Problem, record: Record, faults: Faults) -> None:
    """
    Note every fault that shows only when parts are seen together.

    Parameters
    ----------
    problem
        As read, with stand-ins where the document is faulty.
    record
        The document itself: tells what was given from what is a default.
    faults
        Where to note them.
    """
    ids = {
        "stations": _unique("stations", (station.id for station in problem.stations), faults),
        "families": _unique("families", (family.id for family in problem.families), faults),
        "orders": _unique("orders", (order.id for order in problem.orders), faults),
        "jobs": _unique("jobs", (job.id for job in problem.jobs), faults),
        "states": _unique("changeovers/states", problem.changeovers.states, faults),
    }
    _check_stations(problem, ids["states"], faults)
    _check_families(problem, ids["states"], ids["stations"], faults)
    _check_jobs(problem, ids, faults)
    _check_fit(problem, record, faults)
    _check_groups(problem, faults)
    _check_circles(problem, faults)


def _unique(section: str, names: Iterable[str], faults: Faults) -> set[str]:
    seen: set[str] = set()
    suffix = "" if section.endswith("states") else "/id"
    for place, name in enumerate(names):
        if name != MISSING and name in seen:
            faults.add(f"/{section}/{place}{suffix}", f"{name} is there twice", "duplicate_id")
        seen.add(name)
    return seen


def _known(name: str, known: set[str], where: str, what: str, faults: Faults) -> None:
    if name != MISSING and name not in known:
        faults.add(where, f"there is no {what} {name}", "unknown_reference")


def _check_stations(problem: Problem, states: set[str], faults: Faults) -> None:
    for place, station in enumerate(problem.stations):
        _known(station.state, states, f"/stations/{place}/state", "setup state", faults)
        reached = 0
        for opens, closes in sorted(station.windows):
            if closes > problem.horizon:
                faults.add(
                    f"/stations/{place}/windows",
                    f"window [{opens}, {closes}] ends past the horizon {problem.horizon}",
                    "past_horizon",
                )
            if opens < reached:
                faults.add(f"/stations/{place}/windows", f"window [{opens}, {closes}] overlaps another", "overlap")
            reached = max(reached, closes)


def _check_families(problem: Problem, states: set[str], stations: set[str], faults: Faults) -> None:
    for place, family in enumerate(problem.families):
        where = f"/families/{place}"
        _known(family.state, states, f"{where}/state", "setup state", faults)
        seen: set[str] = set()
        for k, mode in enumerate(family.modes):
            _known(mode.station, stations, f"{where}/modes/{k}/station", "station", faults)
            if mode.station != MISSING and mode.station in seen:
                faults.add(f"{where}/modes/{k}/station", f"{mode.station} has a mode already", "duplicate_id")
            seen.add(mode.station)


def _check_jobs(problem: Problem, ids: dict[str, set[str]], faults: Faults) -> None:
    for place, job in enumerate(problem.jobs):
        where = f"/jobs/{place}"
        _known(job.order, ids["orders"], f"{where}/order", "order", faults)
        _known(job.family, ids["families"], f"{where}/family", "family", faults)
        for k, link in enumerate(job.after):
            _known(link.job, ids["jobs"], f"{where}/after/{k}/job", "job", faults)
        for name in sorted(job.stations or ()):
            _known(name, ids["stations"], f"{where}/stations", "station", faults)
        limit = job.max_parallel_seconds
        if limit is not None and limit < job.parallel_seconds:
            message = f"is {limit}, under the job's own parallel_seconds {job.parallel_seconds}"
            faults.add(f"{where}/max_parallel_seconds", message, "contradiction")


def _check_fit(problem: Problem, record: Record, faults: Faults) -> None:
    families = {family.id: family for family in problem.families}
    for place, (job, given) in enumerate(zip(problem.jobs, _quiet_records(record, "jobs"), strict=True)):
        family = families.get(job.family)
        if family is None or not given.fields:
            continue
        modes = _eligible(family, job)
        if not modes:
            faults.add(f"/jobs/{place}", f"no station it may run on runs family {family.id}", "no_station")
            continue
        known = _check_measures(modes, given, faults)
        if known and not any(_holds(mode, job) for mode in modes):
            message = f"is bigger than every mode of family {family.id} it may run in"
            faults.add(f"/jobs/{place}", message, "too_big")


def _quiet_records(record: Record, key: str) -> list[Record]:
    """Return the objects of a list that has been read before, noting no fault twice."""
    quiet = Record(record.fields, record.where, Faults())
    return list(quiet.records(key))


def _eligible(family: Family, job: Job) -> list[Mode]:
    return [mode for mode in family.modes if job.stations is None or mode.station in job.stations]


def _check_measures(modes: list[Mode], given: Record, faults: Faults) -> bool:
    """Note missing measures of a job; return whether all that its modes ask for are there."""
    needed = {"size"} if any(mode.capacity is not None for mode in modes) else set()
    if any(mode.sheet is not None for mode in modes):
        needed |= {"width", "height"}
    missing = sorted(key for key in needed if not given.has(key))
    for key in missing:
        faults.add(given.at(key), "is missing: a mode of the job's family needs it", "missing")
    return not missing


def _holds(mode: Mode, job: Job) -> bool:
    if mode.sheet is None:
        return mode.capacity is None or job.size <= mode.capacity
    upright = job.width <= mode.sheet.width and job.height <= mode.sheet.height
    turned = job.rotate and job.height <= mode.sheet.width and job.width <= mode.sheet.height
    return upright or turned


def _check_groups(problem: Problem, faults: Faults) -> None:
    family_of: dict[str, str] = {}
    for place, job in enumerate(problem.jobs):
        if job.group is None or MISSING in {job.group, job.family}:
            continue
        family = family_of.setdefault(job.group, job.family)
        if family != job.family:
            message = f"group {job.group} has jobs of families {family} and {job.family}: they can never share a batch"
            faults.add(f"/jobs/{place}/group", message, "contradiction")


def _check_circles(problem: Problem, faults: Faults) -> None:
    """Note every job that waits for itself, directly or through others (once per circle found)."""
    place_of = {job.id: place for place, job in enumerate(problem.jobs)}
    before = [[place_of[link.job] for link in job.after if link.job in place_of] for job in problem.jobs]
    waiting = [len(links) for links in before]
    after: list[list[int]] = [[] for _ in problem.jobs]
    for place, links in enumerate(before):
        for link in links:
            after[link].append(place)
    ready = [place for place, count in enumerate(waiting) if not count]
    while ready:
        for place in after[ready.pop()]:
            waiting[place] -= 1
            if not waiting[place]:
                ready.append(place)
    told: set[int] = set()
    for place, count in enumerate(waiting):
        if not count or place in told:
            continue
        circle = _circle_from(place, before, waiting)
        if told.isdisjoint(circle):
            names = " after ".join(problem.jobs[k].id for k in [*circle, circle[0]])
            faults.add(f"/jobs/{circle[0]}/after", f"jobs wait in a circle: {names}", "circle")
        told.update(circle, (place,))


def _circle_from(place: int, before: list[list[int]], waiting: list[int]) -> list[int]:
    """Walk back over jobs never freed until one comes again; return the circle, lowest place first."""
    path: list[int] = []
    seen: dict[int, int] = {}
    while place not in seen:
        seen[place] = len(path)
        path.append(place)
        place = next(link for link in before[place] if waiting[link])
    circle = path[seen[place] :]
    first = circle.index(min(circle))
    return circle[first:] + circle[:first]
