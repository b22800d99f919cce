"""What the runs allow one to say: contrasts over replicates, and verdicts on claims."""
