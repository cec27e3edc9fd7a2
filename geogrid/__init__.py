"""geogrid: the areas of a county, who answers for them, and who can reach a service centre on foot."""

__version__ = "0.1.0"
