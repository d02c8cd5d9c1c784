"""Reconciliation: what was sent, landed, loaded and built, one check per boundary."""
