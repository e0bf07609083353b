"""What every test relies on: no setting of the person who runs it leaks in, and nobody is in a hurry."""

import os

from hypothesis import settings

pytest_plugins = ["tests.postgres_fixtures"]

_KEPT = {"BATCHER_SHARED", "BATCHER_TEST_POSTGRES_URL"}

for _name in [name for name in os.environ if name.startswith("BATCHER_") and name not in _KEPT]:
    del os.environ[_name]

# How long an example takes says how busy the machine is; a test that hangs has its time-out. The examples are the same
# every time, so that a test that fails is the change's own fault; `make test-planner` looks at others.
settings.register_profile("patient", parent=settings(), deadline=None, derandomize=True)
settings.load_profile("patient")
settings.register_profile(
    "planner", parent=settings(), derandomize=False, max_examples=int(os.environ.get("PROBLEMS", "2000"))
)
