"""Run tasks out of a file against an API with any model, and grade the calls, what became of them, and the answer."""
