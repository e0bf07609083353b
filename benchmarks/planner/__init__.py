"""The planner against its peers: problem sets, rules and models to beat, a referee, tables and plots."""
