"""Make the virtual environment from the lock and audit it; standard library only."""
