"""Review what agents state by code: pure functions of a claim, what it must say, and the evidence for it."""
