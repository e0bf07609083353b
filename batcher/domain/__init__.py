"""The floor's own values and arithmetic: no I/O, standard library only."""
