"""Proofs that run a whole floor with what stands around it."""
