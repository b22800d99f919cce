"""Property tests try the same examples every time, so that a failure is one of the change."""

from hypothesis import HealthCheck, settings

# Nor is it one of the machine, where that is slow or busy.
settings.register_profile(
    "repeatable",
    derandomize=True,
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")
