"""Let a shop's support be done by agents: the tasks of tau2's retail domain, judged by the final database."""
