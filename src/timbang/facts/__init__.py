"""All numbers that a report may state, each with its file, its place in it and its rule."""
