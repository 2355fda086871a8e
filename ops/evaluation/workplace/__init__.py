"""Let attacks of our own meet an agent that obeys them all, at work: six worlds that no rule was made for.

Their tools are called as those of a help desk, of sales, of deployments, of a calendar, of an office and of a building
may be called: in other words and other forms than those of public suites, some without any verb or name that is known.
Some tasks leave to the agent what their words do not say, so that an attacker may say it.
"""
