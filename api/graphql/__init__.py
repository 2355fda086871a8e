"""Let people explore: the read side as one GraphQL schema, and the log live over subscriptions."""
