"""Make prompts fit: what of earlier results is shown, and about how many tokens that is."""
