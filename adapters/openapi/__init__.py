"""Turn OpenAPI documents into tools, and tool calls into HTTP requests."""
