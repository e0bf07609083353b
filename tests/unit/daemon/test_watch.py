"""Signals of change from a real directory."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from batcher.daemon.watch import changes


def _told(directory: Path, act: Callable[[int], object]) -> frozenset[Path]:
    """Repeat `act` with 0, 1, ... until a signal comes, as the kernel watch starts at a moment of its own."""

    async def scenario() -> frozenset[Path]:
        stop = asyncio.Event()
        signals = changes(directory, stop, look_ms=100)
        first = asyncio.ensure_future(anext(signals))
        await asyncio.sleep(0)  # let it see the directory as it is
        for turn in range(100):
            act(turn)
            done, _ = await asyncio.wait({first}, timeout=0.5)
            if done:
                break
        stop.set()
        told = await first
        await signals.aclose()  # type: ignore[attr-defined] # a generator, annotated as what callers need
        return told

    return asyncio.run(scenario())


def test_a_file_written_below_the_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()

    told = _told(tmp_path, lambda turn: (tmp_path / "deep" / "rules.yaml").write_text(str(turn)))

    assert tmp_path / "deep" / "rules.yaml" in told


def test_a_file_replaced_by_a_rename_is_told_and_an_editors_swap_file_is_not(tmp_path: Path) -> None:
    target, swap = tmp_path / "rules.yaml", tmp_path / ".rules.yaml.swp"

    def act(turn: int) -> None:
        swap.write_text("draft")
        fresh = tmp_path / "rules.yaml~"
        fresh.write_text(str(turn))
        fresh.rename(target)

    told = _told(tmp_path, act)

    assert told == {target}


def test_a_link_turned_to_another_directory_is_told(tmp_path: Path) -> None:
    link = tmp_path / "current"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    link.symlink_to("one")

    def act(turn: int) -> None:
        fresh = tmp_path / f"fresh{turn}"
        fresh.symlink_to("two")
        fresh.replace(link)

    assert _told(link, act) == {link}


def test_a_directory_that_appears_later_is_told(tmp_path: Path) -> None:
    late = tmp_path / "late"

    assert _told(late, lambda turn: late.mkdir(exist_ok=True)) == {late}


def test_the_watch_ends_when_asked_to(tmp_path: Path) -> None:
    async def scenario() -> list[frozenset[Path]]:
        stop = asyncio.Event()
        stop.set()
        return [told async for told in changes(tmp_path, stop)]

    assert asyncio.run(scenario()) == []
