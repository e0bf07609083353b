"""The long-running process: its loops, its server, its logs and its word with systemd."""
