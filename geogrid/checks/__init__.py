"""Faults in layers, found by pure functions."""

from geogrid.checks.run import Checkup, check_county, run_checks

__all__ = ["Checkup", "check_county", "run_checks"]
