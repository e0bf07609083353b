"""Orders coming in: documents read and checked, judged by the rules, kept once."""
