"""Fills the cache of the compiled search: `python -m batcher.planning.kernel_build`."""

import os
import sys

from batcher.planning.kernel_ready import fill_cache


def main() -> int:
    """Compile, giving way to those who plan meanwhile; return 0 when the cache was filled."""
    os.nice(5)
    return 0 if fill_cache() is not None else 1


if __name__ == "__main__":
    sys.exit(main())
