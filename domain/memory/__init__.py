"""Remember what people and sessions said beyond one session: the rules, without a clock and without chance."""
