"""Read the text of a document, whatever its dialect, into the one form of `adapters.openapi.model`."""
