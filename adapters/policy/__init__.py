"""Judge tool calls."""
