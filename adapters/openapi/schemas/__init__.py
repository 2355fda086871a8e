"""Turn a document's schemas into JSON Schema 2020-12, and hold what is sent and what comes back against them."""
