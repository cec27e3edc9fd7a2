"""The synthetic town."""

from geogrid.demo.town import build_town

__all__ = ["build_town"]
