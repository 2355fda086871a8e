"""Hold plans against what is known before anything of them starts."""
