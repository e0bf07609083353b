"""Virtual machines, made-up orders, and the same core on a simulated clock."""
