"""The real core, killed at any write, fsync, rename or commit, and what came of it judged from outside."""
