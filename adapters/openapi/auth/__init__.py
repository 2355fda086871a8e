"""Give calls the credentials that their operations need, at the last moment, and take them out of the answers."""
