"""The documents that a planning office files."""
