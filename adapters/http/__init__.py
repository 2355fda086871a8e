"""Dial out: the only way for requests to tools and models to leave."""
