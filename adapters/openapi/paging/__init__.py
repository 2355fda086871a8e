"""Read on where an API answers in pages: which operations do, where the next page is, and how far that is followed."""
