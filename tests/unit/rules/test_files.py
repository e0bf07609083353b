"""Reading a rules directory: nothing is followed, trusted or parsed that should not be."""

import os
import shutil
from pathlib import Path

from batcher.rules.files import YAML_LIMIT_BYTES
from batcher.rules.schema import inspect, load_rules
from tests.builders_rules import rules_directory, told, warned


def test_a_file_that_anyone_may_write_to_is_refused(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path)
    (directory / "floor.yaml").chmod(0o666)

    assert told(directory) == ["floor.yaml:1:1: unsafe permissions 0666: anyone may write to it; run chmod o-w"]


def test_a_directory_that_anyone_may_write_to_is_refused(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path)
    directory.chmod(0o777)

    assert told(directory) == [f"{directory}:1:1: unsafe permissions 0777: anyone may write to it; run chmod o-w"]


def test_a_catalogue_that_anyone_may_write_to_is_refused(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path)
    (directory / "catalogue.csv").chmod(0o646)

    assert told(directory) == ["catalogue.csv:1:1: unsafe permissions 0646: anyone may write to it; run chmod o-w"]


def test_a_link_out_of_the_directory_is_refused(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path)
    secret = tmp_path / "secret.yaml"
    secret.write_text("planning: {budget: 1 s}\n")
    (directory / "more.yaml").symlink_to(Path("..") / "secret.yaml")

    assert told(directory) == [f"more.yaml:1:1: outside the rules directory: a link to {secret}"]


def test_a_link_within_the_directory_is_followed(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path)
    (directory / "..data").mkdir()
    (directory / "floor.yaml").rename(directory / "..data" / "floor.yaml")
    (directory / "floor.yaml").symlink_to(Path("..data") / "floor.yaml")

    assert told(directory) == []


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path)
    os.mkfifo(directory / "more.yaml", 0o600)

    assert told(directory) == ["more.yaml:1:1: is not a regular file"]


def test_a_broken_link_is_told(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path)
    (directory / "more.yaml").symlink_to(directory / "gone")

    assert told(directory) == ["more.yaml:1:1: cannot be read: no such file or directory"]


def test_a_file_too_large_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path)
    with (directory / "more.yaml").open("wb") as file:
        file.truncate(50_000_000)

    assert told(directory) == [f"more.yaml:1:1: file too large: 50,000,000 bytes, the limit is {YAML_LIMIT_BYTES:,}"]


def test_files_that_are_not_utf8_text_are_refused(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path)
    (directory / "a.yaml").write_bytes("site: {}\n".encode("utf-16"))
    (directory / "b.yaml").write_bytes(b"site:\n  name: caf\xe9\n")
    (directory / "c.yaml").write_bytes(b"site:\n  name: a\x00b\n")

    assert told(directory) == [
        "a.yaml:1:1: encoding: this is UTF-16; save the file as UTF-8",
        "b.yaml:2:12: encoding: byte 0xe9 is not UTF-8; save the file as UTF-8",
        "c.yaml:2:10: encoding: control character 0x00; this is not a text file",
    ]


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path)
    file = directory / "batching.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())

    assert told(directory) == []


def test_sections_that_an_unreadable_file_may_hold_are_not_called_missing(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path)
    (directory / "batching.yaml").chmod(0o666)

    assert len(told(directory)) == 1


def test_a_directory_that_is_not_there_or_empty_is_told(tmp_path: Path) -> None:
    missing, empty = tmp_path / "missing", tmp_path / "empty"
    empty.mkdir()

    assert "no such directory" in str(inspect(missing).faults[0])
    assert "has no *.yaml file" in str(inspect(empty).faults[0])


def test_missing_sections_are_told_each(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("planning: {budget: 1 s}\n")

    missing = [fault.message for fault in inspect(tmp_path).faults]
    for section in ("site", "processes", "stations", "fixtures", "products", "services", "batch_rules"):
        assert f"no file has the section '{section}'; it is needed" in missing


def test_a_file_with_the_other_ending_is_warned_of(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path)
    (directory / "more.yml").write_text("nonsense: true\n")
    (directory / ".hidden.yaml").write_text("nonsense: true\n")

    assert warned(directory) == ["more.yml:1:1: is not read; rename it to end in .yaml, or remove it"]


def test_the_hash_is_of_names_and_bytes_and_not_of_the_place(tmp_path: Path) -> None:
    first = rules_directory(tmp_path / "a")
    second = rules_directory(tmp_path / "b")
    before = load_rules(first).hash
    assert len(before) == 16
    assert load_rules(second).hash == before

    with (first / "batching.yaml").open("a") as file:
        file.write("# a comment\n")
    (second / "catalogue.csv").write_text("sku,product,finish\nMUG-1,mug,white\nTIN-1,tin,\nSIGN-1,sign,\n")

    assert len({before, load_rules(first).hash, load_rules(second).hash}) == 3


def test_a_catalogue_from_elsewhere_counts_like_the_directorys_own(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path)
    elsewhere = tmp_path / "elsewhere.csv"
    before = load_rules(directory).hash
    shutil.move(directory / "catalogue.csv", elsewhere)

    assert load_rules(directory, catalogue=elsewhere).hash == before
