"""The read side: a question is a function of a store."""
