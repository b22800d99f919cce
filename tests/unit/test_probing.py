"""All probes of one run together: what they return, and that the run is as it was."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from timbang.networks import build
from timbang.networks.zoo import initialise
from timbang.probes.falls import ATTENTION_MEASURES
from timbang.probes.measures import LOOKS, PROBE_MEASURES, list_looks
from timbang.probes.probing import probe_run
from timbang.training.loop import Images

CPU = torch.device("cpu")
ALL = ("train_loss", "gradients", "scales", "paths", "attention")


def make(name):
    network = build(name, 3, 0.125)
    initialise(network, torch.Generator().manual_seed(0))
    pixels = np.random.default_rng(0).integers(0, 256, (90, 16, 16, 3), dtype=np.uint8)
    images = Images(pixels, np.arange(90) % 3, np.arange(72), np.arange(72, 90))
    snapshots = {
        epoch: {key: value.clone() for key, value in network.state_dict().items()}
        for epoch in (1, 2)
    }
    # Another state than that of the run's end.
    snapshots[1]["fc.weight"] += 1
    return network, snapshots, images


@given(st.integers(1, 500))
def test_looks_are_spread_over_the_run_and_end_with_it(epochs):
    looks = list_looks(epochs)
    assert looks[-1] == epochs
    assert len(looks) == min(LOOKS, epochs)
    assert all(1 <= epoch <= epochs for epoch in looks)


def test_all_probes_give_all_measures_and_change_nothing():
    network, snapshots, images = make("multipath18")
    before = {key: value.clone() for key, value in network.state_dict().items()}
    untrained = build("multipath18", 3, 0.125)
    found = probe_run(network, snapshots, images, ALL, 0.001, CPU, untrained)
    assert set(found["measures"]) == {*PROBE_MEASURES, *ATTENTION_MEASURES}
    assert all(np.isfinite(value) for value in found["measures"].values())
    assert [look["epoch"] for look in found["gradients"]] == [1, 2]
    assert found["gradients"][0]["start_loss"] != found["gradients"][1]["start_loss"]
    after = network.state_dict()
    assert all(torch.equal(value, after[key]) for key, value in before.items())


def test_later_looks_are_what_claims_are_decided_by():
    network, snapshots, images = make("resnet18")
    found = probe_run(network, snapshots, images, ("gradients",), 0.001, CPU)
    assert found["measures"]["gradient_cosine"] == found["gradients"][1]["gradient_cosine"]


def test_network_without_paths_has_no_path_to_switch_off():
    network, snapshots, images = make("resnet18")
    found = probe_run(network, snapshots, images, ("paths", "scales"), 0.001, CPU)
    assert set(found["measures"]) == {"zoom_drop"}
    scales = found["scales"]
    others = [value for factor, value in scales.items() if factor != "1"]
    assert found["measures"]["zoom_drop"] == pytest.approx(scales["1"] - np.mean(others))
