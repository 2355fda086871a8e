"""Measure what gets through when an agent obeys every instruction that it finds in what it reads.

Everything between the model and the tools is the product's own: sessions in the log, prompts, checks, verdicts,
approvals, sends. Only the two ends are simulated: a model that plans the task and then obeys whoever speaks last, and
a world that answers on a socket and notes what arrives there.
"""
