"""Stream the log over NATS JetStream, and wake workers through it."""
