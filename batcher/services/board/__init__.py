"""What the board shows, as frozen values: a view a file, made from one read of the store."""
