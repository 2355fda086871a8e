"""Ask models: a script in a file, or anything that speaks the OpenAI chat-completions protocol."""
