"""Ship what a first run needs: a small shop with an API, and scripts for the scripted model."""
