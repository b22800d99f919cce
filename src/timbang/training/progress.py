"""A bar on a terminal: how far a run is, its loss and accuracy, and the time left."""

import time
from types import TracebackType

from tqdm import tqdm

from timbang.training.state import TrainingState

# Loss and accuracy are fetched from the device no more often, since that waits for it.
SECONDS_BETWEEN_LOOKS = 1.0


class TrainingBar:
    """Shows the steps of a run as they are done; nothing where standard error is no terminal.

    Args:
        name: names the run.
        steps: the number of steps of the whole run.
        batch_size: the number of images of a step.
    """

    def __init__(self, name: str, steps: int, batch_size: int) -> None:
        self.bar = tqdm(total=steps, desc=name, unit="step", disable=None, leave=False)
        self.batch_size = batch_size
        self.looked = time.monotonic()

    def __enter__(self) -> "TrainingBar":
        """Return the bar, which goes away at the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove the bar."""
        self.bar.close()

    def step_done(self, state: TrainingState) -> None:
        """Show that a step is done, and now and then the epoch's loss and accuracy so far."""
        if self.bar.disable:
            return
        steps_per_epoch = state.step_losses.shape[1]
        # Not one more, since a run may have gone on from a checkpoint.
        self.bar.update((state.epoch - 1) * steps_per_epoch + state.step - self.bar.n)
        if time.monotonic() - self.looked < SECONDS_BETWEEN_LOOKS:
            return
        self.looked = time.monotonic()
        loss = state.step_losses[state.epoch - 1, : state.step].mean().item()
        accuracy = state.correct.item() / (state.step * self.batch_size)
        self.bar.set_postfix_str(
            f"epoch {state.epoch}, loss {loss:.3f}, accuracy {accuracy:.1%}", refresh=False
        )
