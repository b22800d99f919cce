"""What steps write down for one another, and what it was made from."""
