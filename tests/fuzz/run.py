"""
Schemathesis over the published schema, against a floor that is served over HTTP: no answer says that batcher failed.

    python -m tests.fuzz.run --requests 2000

Examples, boundaries, random requests and chains of them, right and wrong ones, on every operation but the stream that
does not end. Answers must be such as the schema tells: status, kind, headers and form.
"""

import argparse
import logging
import subprocess
import sys
import tempfile
from pathlib import Path

import structlog

from batcher.domain.access import Scope
from tests.builders_access import token_with
from tests.fuzz.floor import fuzzed_floor
from tests.served_floor import served

#: What an answer is held against.
_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
_STREAM = "/v1/events/stream"
_SCHEMA = Path(__file__).parents[2] / "docs" / "openapi.json"


def main() -> None:
    """Send so many requests, and end with what schemathesis ends with."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000, help="random requests; boundaries come beside them")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as home, fuzzed_floor(Path(home)) as floor:
        secret = token_with(floor, list(Scope), name="fuzz")["Authorization"]
        with served(floor) as url:
            sys.exit(_schemathesis(url, secret, args.requests, args.seed, Path(home)))


def _schemathesis(url: str, authorization: str, requests: int, seed: int, home: Path) -> int:
    command = Path(sys.executable).with_name("schemathesis")
    each = max(1, requests // 60)  # about so many operations there are
    return subprocess.run(
        [
            str(command), "run", str(_SCHEMA), "--url", url, "--header", f"Authorization: {authorization}",
            "--checks", ",".join(_CHECKS), "--exclude-path", _STREAM, "--max-examples", str(each),
            "--seed", str(seed), "--request-timeout", "60", "--suppress-health-check", "all",
            "--continue-on-failure", "--no-shrink", "--warnings", "off",
        ],
        cwd=home,  # it leaves notes of its own
        check=False,
    ).returncode  # fmt: skip


if __name__ == "__main__":
    main()
