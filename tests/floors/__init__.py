"""Short floors of the real core on a clock that is set, with faults drawn from a seed."""
