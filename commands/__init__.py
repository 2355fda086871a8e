"""The write side's shell: load, admit, decide, append, and perform what a session owes."""
