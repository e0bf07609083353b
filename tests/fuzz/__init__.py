"""Random requests, beyond what `make test` has time for."""
