"""Faults in layers, found by pure functions."""

from geogrid.checks.run import run_checks

__all__ = ["run_checks"]
