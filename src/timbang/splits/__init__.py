"""Which images train and which validate."""
