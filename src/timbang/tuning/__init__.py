"""Which recipes are tried, and which of them a contender chooses."""
