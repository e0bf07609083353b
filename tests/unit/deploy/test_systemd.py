"""The unit, its user and its environment file, as systemd reads them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from batcher.settings import Settings

_ROOT = Path(__file__).parents[3]
_UNIT = _ROOT / "systemd" / "batcher.service"
_ENV = _ROOT / "systemd" / "batcher.env"

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """Return the unit with a binary that is there."""
    binary = tmp_path / "batcher"
    binary.write_text("#!/bin/sh\n", encoding="utf-8")
    binary.chmod(0o755)
    copy = tmp_path / "batcher.service"
    copy.write_text(_UNIT.read_text(encoding="utf-8").replace("/usr/local/bin/batcher", str(binary)), encoding="utf-8")
    return copy


def _analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


@needs_systemd
def test_systemd_finds_nothing_to_say_about_the_unit(unit: Path) -> None:
    verified = _analyze("verify", str(unit))

    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")


@needs_systemd
def test_the_sandbox_leaves_an_exposure_of_at_most_one_and_a_half(unit: Path) -> None:
    judged = _analyze("security", "--offline=true", "--threshold=15", str(unit))

    assert judged.returncode == 0, judged.stdout


@needs_systemd
def test_the_solver_may_still_limit_its_own_memory() -> None:
    always = subprocess.run(
        ["systemd-analyze", "syscall-filter", "@default"], capture_output=True, text=True, check=True
    ).stdout

    assert "prlimit64" in always.split()  # what Python's resource.setrlimit calls


def test_a_configuration_error_is_not_retried_and_everything_else_is_for_ever() -> None:
    unit = _UNIT.read_text(encoding="utf-8")

    assert "\nRestartPreventExitStatus=78\n" in unit
    assert "\nStartLimitIntervalSec=0\n" in unit
    assert "\nExecStartPre=" not in unit  # systemd restarts whatever code that ends with


def test_the_stop_timeout_leaves_room_for_draining() -> None:
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)s$", _UNIT.read_text(encoding="utf-8"), re.MULTILINE)

    assert float(seconds) > 2 * Settings.model_fields["drain_s"].default


def test_the_environment_file_names_every_setting_and_no_other_with_its_default() -> None:
    lines = re.findall(r"^(#?)(BATCHER_[A-Z_]+)=(.*)$", _ENV.read_text(encoding="utf-8"), re.MULTILINE)
    fields = {f"BATCHER_{name.upper()}": field for name, field in Settings.model_fields.items()}

    assert sorted(name for _, name, _ in lines) == sorted(fields)
    for commented, name, value in lines:
        default = fields[name].default
        if commented and default not in (None, "", ()):
            shown = str(default).lower() if isinstance(default, bool) else str(default)
            assert value == shown, name


def test_the_environment_file_can_be_read_as_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"BATCHER_{name.upper()}", raising=False)

    settings = Settings(_env_file=_ENV)

    assert settings.state_dir == Path("/var/lib/batcher")
    assert settings.rules == Path("/etc/batcher/floor")
