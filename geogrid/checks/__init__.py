"""Faults in layers, found by pure functions."""
