"""Other people's files, read in a guarded child process, and files written for others."""
