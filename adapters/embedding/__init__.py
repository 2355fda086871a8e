"""Learn what texts mean from a small language model that runs here; nothing is sent anywhere.

The model and what it needs are an extra: `make embeddings` installs them. They are imported when the model is loaded.
"""
