"""How commands end when something goes wrong, in a process as a script would run it."""

import subprocess
import sys


def ended(*statements: str) -> subprocess.CompletedProcess[str]:
    """Run the command line after these statements have changed what its first command does."""
    code = "; ".join(["import sys; from batcher.cli import check, main; sys.argv = ['batcher', 'check']", *statements])
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)


def test_what_nobody_raised_on_purpose_ends_with_70_and_its_trace() -> None:
    done = ended("check.load_settings = lambda **_: 1 // 0", "main.main()")
    assert done.returncode == 70
    assert "ZeroDivisionError" in done.stderr


def test_ctrl_c_ends_with_130() -> None:
    done = ended("import signal; check.load_settings = lambda **_: signal.raise_signal(2)", "main.main()")
    assert done.returncode == 130
