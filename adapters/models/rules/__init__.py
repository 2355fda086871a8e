"""Plan and choose by rules alone, without any model: a smoke test, honest about being no more than that."""
