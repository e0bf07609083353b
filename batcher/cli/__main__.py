"""`python -m batcher.cli`: the command line without the console script."""

from batcher.cli.main import main

main()
