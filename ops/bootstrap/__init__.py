"""Compose the parts: the only package of ours that names concrete adapters."""
