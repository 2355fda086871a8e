"""Read secrets where references say: environment variables, files, a Vault."""
