"""Answer REST requests: thin handlers, grouped by what they are about."""
