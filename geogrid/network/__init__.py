"""Streets as a graph on which people walk."""
