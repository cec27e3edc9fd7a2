"""The synthetic town."""
