"""``python -m tests.crash``: compiles the faults, and runs `tests.crash.run` with them preloaded."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.crash.faults import with_faults

with tempfile.TemporaryDirectory(prefix="batcher-faults-") as scratch:
    command = with_faults("tests.crash.run", Path(scratch), sys.argv[1:])
    sys.exit(subprocess.run(command, check=False).returncode)
