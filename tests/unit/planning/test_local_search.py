import time
from pathlib import Path

import pytest

from batcher.planning import kernel_ready
from batcher.planning.conversion import scheduled
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.local_search import local_search
from tests.builders_planning import job, two_ovens


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the cache directory of a machine on which nothing has been compiled yet, though it is being done."""
    for variable in ("XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("CACHE_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(kernel_ready, "_loaded", None)
    (directory,) = kernel_ready._directories()
    directory.mkdir()
    (directory / "building").touch()
    return directory


def test_where_nothing_is_compiled_nothing_is_ready(cache: Path) -> None:
    assert kernel_ready.ready() is None


def test_code_that_others_may_have_put_there_is_never_loaded(cache: Path) -> None:
    (cache / "ready").touch()
    cache.chmod(0o777)
    assert kernel_ready.ready() is None


def test_what_is_being_compiled_is_not_compiled_twice(cache: Path) -> None:
    kernel_ready.start_building()
    assert [path.name for path in cache.iterdir()] == ["building"]


def test_a_plan_is_improved_before_anything_is_compiled(cache: Path) -> None:
    loader = Loader(index(two_ovens([job(k, family="mug" if k % 3 else "tin", release=99 * k) for k in range(30)])))
    schedule = greedy(loader.instance, loader, budget_s=0)
    before = schedule.cost
    found = scheduled(loader.instance, loader, local_search(schedule, deadline=time.monotonic() + 1, seed=1))
    assert found is not None
    assert found.cost < before
