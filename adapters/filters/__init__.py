"""Look at what comes in: filters that come with the product, and those of others behind a URL."""
