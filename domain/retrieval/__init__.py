"""Find tools for a text among thousands, without a model: pure, and the same order every time."""
