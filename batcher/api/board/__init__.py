"""Pages for people: the board at `/` and its views, rendered here and kept fresh by server-sent events."""
