"""The second reader of the report: looks every printed number up in the result files."""
