"""Two daemons on one PostgreSQL, with stations and clients, all being killed, paused and cut off."""
