"""HTTP: the API, the health checks and the board, over `services`; no rules of its own."""
