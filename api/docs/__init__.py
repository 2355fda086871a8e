"""Explain the service to people: pages made here from its own OpenAPI document, which load nothing from elsewhere."""
