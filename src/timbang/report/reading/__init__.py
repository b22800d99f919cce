"""The parts of the second reader: what it knows of the page, of the sentences and of the files."""
