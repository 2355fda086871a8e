"""Serve a script as a model over HTTP, by the OpenAI chat-completions protocol."""
