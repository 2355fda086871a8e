"""One run of one goal: the aggregate whose events are the whole story of a run."""
