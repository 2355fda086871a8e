"""Amounts of what runs use up, what it costs, and the accounts that pay for it: pure arithmetic in whole numbers."""
