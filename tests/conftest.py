"""What every test relies on: no setting of the person who runs it leaks in."""

import os

_KEPT = {"BATCHER_SHARED", "BATCHER_TEST_POSTGRES_URL"}

for _name in [name for name in os.environ if name.startswith("BATCHER_") and name not in _KEPT]:
    del os.environ[_name]
