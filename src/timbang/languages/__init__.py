"""What the report says in each language."""
