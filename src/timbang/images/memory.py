"""How much memory the images that are decoded at the same time may take together."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Lock


class MemoryBudget:
    """A number of bytes that threads share.

    What asks for more than there is waits until the others have given back enough, and what asks
    after it waits behind it; what asks for more than all there is gets all, and so is alone.

    Args:
        total: how many bytes there are.
    """

    def __init__(self, total: int) -> None:
        self.total = self.free = total
        self._turn = Lock()
        self._changed = Condition()

    @contextmanager
    def hold(self, wanted: int) -> Iterator[None]:
        """Take so many bytes for as long as the block runs."""
        taken = min(wanted, self.total)
        with self._turn, self._changed:
            self._changed.wait_for(lambda: self.free >= taken)
            self.free -= taken
        try:
            yield
        finally:
            with self._changed:
                self.free += taken
                self._changed.notify_all()
