"""Figures, tables and the document, in each language; nothing here computes a result."""
