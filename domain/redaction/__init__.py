"""Find personal values in what comes from outside, and put tokens in their place. Pure: nothing here keeps a secret."""
