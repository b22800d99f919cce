"""What the runs achieved: predictions, scores and their summary over replicates."""
