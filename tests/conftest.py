"""Property tests try the same examples every time, so that a failure is one of the change."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, max_examples=50)
settings.load_profile("repeatable")
