"""Who reaches a service centre on foot, and who does not."""
