"""Who answers for a place."""
