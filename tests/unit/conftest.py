"""What several tests of the library stand on."""

import pytest


@pytest.fixture
def one_thread():
    """Let torch compute in one thread and repeat itself exactly, as a run does."""
    import torch

    from timbang.training.device import repeat_exactly

    before = torch.get_num_threads()
    repeat_exactly(1)
    yield
    torch.set_num_threads(before)
