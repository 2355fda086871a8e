"""Stream events as they are recorded, over the three kinds of connection, from one feed."""
