"""The commands; everything they do is done below."""
