"""batcher runs a personalised-gift factory lights-out; `docs/architecture.md` is the map."""

__version__ = "0.1.0"
