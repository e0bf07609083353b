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
    # Started in the background, a test would have the shell's deafness to Ctrl-C.
    hears = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    done = ended(f"{hears}; check.load_settings = lambda **_: signal.raise_signal(signal.SIGINT)", "main.main()")
    assert done.returncode == 130
