"""Where the next centres should stand, and the proof."""
