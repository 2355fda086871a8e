"""Hold a new revision of an API against everything that was called so far, and everything that waits."""
