"""Turn events into rows of the read models."""
