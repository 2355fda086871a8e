"""Remember, recall and forget: what people and sessions said beyond one session."""
