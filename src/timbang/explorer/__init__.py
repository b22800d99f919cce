"""The explorer: one page in which the findings, the runs and the images can be looked through."""
