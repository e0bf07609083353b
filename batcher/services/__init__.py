"""What the daemon, the API and the CLI do: plain functions over the store, the rules and the planner."""
