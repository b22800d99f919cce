"""What is measured inside a trained network."""
