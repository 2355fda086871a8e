"""Let others watch: traces over OTLP, and metrics for whoever asks."""
