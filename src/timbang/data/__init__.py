"""Images, where they come from, how they are divided and what the networks see of them."""
