"""Which areas hold a place: covers, largest share, nearest edge, as of a date."""
