"""What the planner is set beside: each peer in its own file, on the same problems, with the same time and workers."""
