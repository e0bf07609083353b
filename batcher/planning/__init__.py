"""The planning problem and everything that solves, checks and bounds it: values in, values out."""
