"""Run Postgres and NATS from the locked packages as children of this process."""
