"""The demo county's polygon layers and the real names they use; README.md says what is real."""
