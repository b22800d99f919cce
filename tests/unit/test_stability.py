"""How steadily a run learned, by hand."""

import pandas as pd
import pytest

from timbang.scores.stability import measure_stability


def history(losses, accuracies):
    return pd.DataFrame({"train_loss": losses, "validation_accuracy": accuracies})


def test_measures_by_hand():
    """Epochs 7 to 11 of the published study's ResNet-34 at 224 pixels, and one more before."""
    accuracies = [0.9, 0.757, 0.550, 0.613, 0.505, 0.662]
    measures = measure_stability(history([2.0, 1.0, 1.15, 1.3, 0.9, 1.25], accuracies))
    assert measures["late_accuracy"] == pytest.approx(0.6174)
    assert measures["swing"] == pytest.approx(0.757 - 0.505)
    assert measures["largest_rise"] == pytest.approx(0.35)
    # Only the last rise is above a tenth of 2.0.
    assert measures["rises"] == 1


def test_run_of_one_epoch_has_its_accuracy_and_no_rise():
    assert measure_stability(history([2.0], [0.4])) == {
        "late_accuracy": 0.4,
        "swing": 0.0,
        "largest_rise": 0.0,
        "rises": 0,
    }


def test_falling_loss_has_no_rise():
    measures = measure_stability(history([3.0, 2.0, 1.0], [0.1, 0.2, 0.3]))
    assert (measures["largest_rise"], measures["rises"]) == (0.0, 0)
