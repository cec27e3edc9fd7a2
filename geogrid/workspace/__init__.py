"""One county's data as a transactional store."""
