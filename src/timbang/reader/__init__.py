"""The second reader: it checks a finished report against the raw files of its results.

It knows no sentence and shares nothing with what wrote the report but the names of quantities.
"""
