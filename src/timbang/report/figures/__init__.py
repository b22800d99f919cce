"""The figures: each function draws one and returns it, none reads or writes a file."""
