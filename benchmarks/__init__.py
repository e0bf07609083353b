"""Measurements of batcher, each with a command and a table; README.md beside this file lists them."""
