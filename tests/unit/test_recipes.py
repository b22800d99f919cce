"""Every setting of a recipe does what its paper says, from the replicate's own streams."""

import hashlib
import itertools
import math
import pickle
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
import torchvision
from made import make_recipe
from safetensors.torch import save_file
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torchvision.models import Weights, WeightsEnum, resnet34

from timbang.errors import TimbangError
from timbang.networks import build
from timbang.networks.torchvision_names import TORCHVISION_NETWORKS
from timbang.study.words import Contender
from timbang.training import loop
from timbang.training.augmentation import (
    drawing_from,
    is_mixing,
    make_augmentation,
    make_mixing,
)
from timbang.training.loop import Images, train
from timbang.training.optimization import (
    add_dropout,
    find_classifier,
    make_average,
    make_optimizer,
    make_schedule,
)
from timbang.training.transfer import find_published, load_weights, read_state

CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("one_thread")
RECIPE = make_recipe(epochs=2, batch_size=8)
SETTINGS = {
    "sgd": {"optimizer": "sgd"},
    "adamw": {"optimizer": "adamw"},
    "cosine": {"schedule": "cosine", "warmup_epochs": 0.5},
    "step": {"schedule": "step", "step_epochs": 1},
    "label smoothing": {"label_smoothing": 0.1},
    "mixup": {"mixup": 0.2},
    "cutmix": {"cutmix": 1.0},
    "both": {"mixup": 0.2, "cutmix": 1.0, "label_smoothing": 0.1},
    "dropout": {"dropout": 0.5},
    "crops": {"random_resized_crop": 0.3},
    "randaugment": {"auto_augment": "randaugment"},
    "trivialaugment": {"auto_augment": "trivialaugment"},
    "clip": {"gradient_clip": 0.1},
    "ema": {"ema": 0.9},
}


def make_images():
    pixels = np.random.default_rng(0).integers(0, 256, (28, 16, 16, 3), dtype=np.uint8)
    return Images(pixels, np.arange(28) % 3, np.arange(20), np.arange(20, 28))


def run(replicate=0, **settings):
    contender = Contender("mine", "resnet8-cifar", 0.5, replace(RECIPE, **settings), None)
    return train(contender, replicate, make_images(), 3, CPU)


def weights(finished):
    return torch.cat([value.flatten().double() for value in finished.network.state_dict().values()])


PLAIN = cache(run)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_run_repeats_whatever_the_global_generators_do(settings):
    torch.manual_seed(1)
    first = run(**settings)
    torch.manual_seed(2)
    second = run(**settings)
    assert torch.equal(weights(first), weights(second))
    assert not torch.equal(weights(first), weights(run(replicate=1, **settings)))
    assert not torch.equal(weights(first), weights(PLAIN()))


def test_stream_is_lent_and_given_back():
    stream = torch.Generator().manual_seed(0)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    with drawing_from(stream):
        inside = torch.rand(3)
    assert torch.equal(torch.rand(3), expected)
    with drawing_from(stream):
        assert not torch.equal(torch.rand(3), inside)


def rates(steps_per_epoch=4, **settings):
    recipe = make_recipe(**{"epochs": 5, "learning_rate": 0.1, "optimizer": "sgd"} | settings)
    layer = nn.Linear(1, 1)
    optimizer = make_optimizer(layer, recipe)
    schedule = make_schedule(optimizer, recipe, steps_per_epoch)
    seen = []
    for _ in range(recipe.epochs * steps_per_epoch):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return seen


def test_schedules_by_hand():
    assert rates() == [0.1] * 20
    cosine = [0.05 * (1 + math.cos(math.pi * step / 20)) for step in range(20)]
    assert rates(schedule="cosine") == pytest.approx(cosine)
    stepped = [0.1 * 0.5 ** (step // 8) for step in range(20)]
    assert rates(schedule="step", step_epochs=2, step_factor=0.5) == pytest.approx(stepped)
    warm = rates(schedule="cosine", warmup_epochs=1)
    assert warm[0] == pytest.approx(0.001)
    assert all(a < b for a, b in itertools.pairwise(warm[:5]))
    assert warm[4] == pytest.approx(0.1)
    after = [0.05 * (1 + math.cos(math.pi * step / 16)) for step in range(16)]
    assert warm[4:] == pytest.approx(after)


def test_momentum_is_nine_tenths_unless_given():
    layer = nn.Linear(1, 1)
    for given, expected in ((None, 0.9), (0.0, 0.0), (0.5, 0.5)):
        recipe = replace(RECIPE, optimizer="sgd", momentum=given)
        assert make_optimizer(layer, recipe).param_groups[0]["momentum"] == expected


def test_adamw_takes_decay_off_the_weights_and_adam_puts_it_into_the_gradient():
    """Without a gradient AdamW still shrinks a weight by rate times decay; Adam takes a step."""
    for kind, expected in (("adamw", 1 - 0.01 * 0.5), ("adam", 1 - 0.01)):
        weight = nn.Parameter(torch.ones(1))
        recipe = replace(RECIPE, optimizer=kind, learning_rate=0.01, weight_decay=0.5)
        optimizer = make_optimizer(nn.ParameterList([weight]), recipe)
        weight.grad = torch.zeros(1)
        optimizer.step()
        assert weight.item() == pytest.approx(expected, rel=1e-5)


def test_average_is_torchs_in_bn_as_well():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    average = make_average(network, 0.8)
    expected = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.8), use_buffers=True)
    for _ in range(4):
        network(torch.randn(2, 3, 5, 5))
        network[0].weight.data.mul_(1.1)
        average.update_parameters(network)
        expected.update_parameters(network)
    assert average.state_dict().keys() == expected.state_dict().keys()
    for name, value in expected.state_dict().items():
        assert torch.equal(average.state_dict()[name], value), name


def test_averaged_network_is_the_one_that_is_evaluated():
    plain, averaged = run(), run(ema=0.5)
    assert not torch.equal(weights(plain), weights(averaged))
    logits = loop.predict(averaged.network, make_images().pixels, np.arange(20, 28), CPU)
    assert torch.equal(logits, averaged.logits)


def test_dropout_is_on_in_training_alone_and_renames_nothing():
    network = build("resnet34", 3, 0.125)
    names = list(network.state_dict())
    images = torch.randn(4, 3, 16, 16)
    network.eval()
    before = network(images)
    add_dropout(network, 0.9)
    assert list(network.state_dict()) == names
    assert torch.equal(network(images), before)
    network.train()
    first, second = network(images), network(images)
    assert not torch.equal(first, second)


def test_mixing_mixes_images_and_targets_alike():
    images = torch.arange(4.0)[:, None, None, None].expand(4, 3, 8, 8).contiguous()
    targets = torch.arange(4)
    torch.manual_seed(0)
    mixed, shares = make_mixing(replace(RECIPE, mixup=1.0), 4)(images, targets)
    assert shares.sum(1) == pytest.approx(torch.ones(4))
    for image, share in zip(mixed, shares, strict=True):
        torch.testing.assert_close(image.mean(), (share * torch.arange(4.0)).sum())
    cut, shares = make_mixing(replace(RECIPE, cutmix=1.0), 4)(images, targets)
    for image, share in zip(cut, shares, strict=True):
        torch.testing.assert_close(image.mean(), (share * torch.arange(4.0)).sum())


def test_training_figures_under_mixing_are_of_clean_images():
    images = make_images()
    finished = run(mixup=0.5)
    logits = loop.predict(finished.network, images.pixels, images.train, CPU)
    targets = torch.from_numpy(images.classes[images.train])
    last = finished.history[-1]
    assert last.train_accuracy == (logits.argmax(1) == targets).double().mean()
    assert last.train_loss == pytest.approx(nn.functional.cross_entropy(logits, targets).item())


def test_training_loss_is_without_smoothing():
    """With steps that change nothing, smoothing may not change what is reported."""
    still = {"learning_rate": 1e-30, "weight_decay": 0.0, "epochs": 1}
    plain, smooth = run(**still), run(label_smoothing=0.3, **still)
    assert smooth.history[0].train_loss == pytest.approx(plain.history[0].train_loss)


@pytest.mark.parametrize(
    "settings", [{"random_resized_crop": 0.3}, {"auto_augment": "randaugment"}]
)
def test_augmentation_keeps_shape_and_type_and_differs_by_image(settings):
    images = torch.randint(0, 256, (6, 3, 24, 24), dtype=torch.uint8)
    images[:] = images[:1]
    changed = make_augmentation(replace(RECIPE, **settings), 24)(images)
    assert changed.shape == images.shape
    assert changed.dtype == torch.uint8
    assert len({image.numpy().tobytes() for image in changed}) > 1


def test_nothing_is_made_where_nothing_is_asked_for():
    assert make_augmentation(RECIPE, 24) is None
    assert make_mixing(RECIPE, 3) is None
    assert not is_mixing(RECIPE)


def test_gradient_is_clipped_to_the_norm(monkeypatch):
    seen = []
    real = loop.clip_grad_norm_

    def clip(parameters, largest):
        parameters = list(parameters)
        real(parameters, largest)
        seen.append(math.sqrt(sum(p.grad.square().sum().item() for p in parameters)))

    monkeypatch.setattr(loop, "clip_grad_norm_", clip)
    run(gradient_clip=0.01)
    assert len(seen) == 6
    assert max(seen) <= 0.0101


# Weights that were trained before


def test_torchvisions_weights_fit_and_the_classifier_stays(tmp_path):
    theirs = resnet34(num_classes=7).state_dict()
    save_file(theirs, tmp_path / "w.safetensors")
    torch.save(theirs, tmp_path / "w.pth")
    for file in ("w.safetensors", "w.pth"):
        network = build("resnet34", 3)
        own = find_classifier(network).weight.detach().clone()
        load_weights(network, str(tmp_path / file), "resnet34")
        assert torch.equal(network.conv1.weight, theirs["conv1.weight"])
        assert torch.equal(find_classifier(network).weight, own)
    same = build("resnet34", 7)
    load_weights(same, str(tmp_path / "w.pth"), "resnet34")
    assert torch.equal(same.fc.weight, theirs["fc.weight"])


def test_weights_of_another_network_are_refused_in_one_line(tmp_path):
    torch.save(resnet34(num_classes=3).state_dict(), tmp_path / "w.pth")
    with pytest.raises(TimbangError, match=r"does not fit the network: .* is needed, and \d+ more"):
        load_weights(build("resnet34", 3, 0.5), str(tmp_path / "w.pth"), "resnet34")


class Bomb:
    """Runs when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("write", [torch.save, lambda x, f: f.write_bytes(pickle.dumps(x))])
def test_weights_cannot_run_code(tmp_path, write):
    fired = tmp_path / "fired"
    write({"conv1.weight": Bomb(fired)}, tmp_path / "w.pth")
    with pytest.raises(TimbangError, match="neither a safetensors file nor a state dict"):
        read_state(tmp_path / "w.pth")
    assert not fired.exists()


def test_more_than_tensors_is_refused(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "w.pth")
    with pytest.raises(TimbangError, match="more than tensors by name"):
        read_state(tmp_path / "w.pth")
    torch.save({"state_dict": {"a": torch.zeros(1)}}, tmp_path / "nested.pth")
    assert list(read_state(tmp_path / "nested.pth")) == ["a"]


def test_run_starts_from_the_weights(tmp_path):
    first = run()
    save_file(
        {k: v.contiguous() for k, v in first.network.state_dict().items()},
        tmp_path / "w.safetensors",
    )
    still = {"learning_rate": 1e-30, "weight_decay": 0.0, "epochs": 1}
    second = run(weights=str(tmp_path / "w.safetensors"), **still)
    torch.testing.assert_close(second.network.conv1.weight, first.network.conv1.weight)


def test_network_that_torchvision_has_no_weights_for():
    with pytest.raises(TimbangError, match="torchvision has no weights for plain34"):
        load_weights(build("plain34", 3, 0.125), "torchvision", "plain34")


@pytest.fixture
def publish(tmp_path, monkeypatch):
    """Let torchvision offer weights that are a file on this machine; return it and its copy."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))

    def offer(state):
        torch.save(state, tmp_path / "published")
        digest = hashlib.sha256((tmp_path / "published").read_bytes()).hexdigest()
        file = (tmp_path / "published").rename(tmp_path / f"net-{digest[:8]}.pth")
        offered = {"DEFAULT": Weights(url=file.as_uri(), transforms=None, meta={})}
        offered = WeightsEnum("Offered", offered)
        monkeypatch.setattr(torchvision.models, "get_model_weights", lambda name: offered)
        return file, tmp_path / "home/hub/checkpoints" / file.name

    return offer


def test_torchvisions_weights_are_fetched_and_kept(publish):
    theirs = resnet34(num_classes=3).state_dict()
    file, kept = publish(theirs)
    for _ in range(2):
        network = build("resnet34", 3)
        load_weights(network, "torchvision", "resnet34")
        assert torch.equal(network.conv1.weight, theirs["conv1.weight"])
        assert kept.is_file()
        file.unlink(missing_ok=True)  # and is not asked for again


def test_file_with_another_checksum_in_torchs_cache_is_named_and_not_read(tmp_path, publish):
    _, kept = publish(resnet34(num_classes=3).state_dict())
    kept.parent.mkdir(parents=True)
    torch.save({"conv1.weight": Bomb(tmp_path / "fired")}, kept)
    with pytest.raises(TimbangError) as caught:
        load_weights(build("resnet34", 3), "torchvision", "resnet34")
    assert not (tmp_path / "fired").exists()
    (line,) = str(caught.value).splitlines()
    assert str(kept) in line and "remove it" in line


def test_published_weights_cannot_run_code(tmp_path, publish):
    """Eight digits of a checksum can be forged, so that reading must be harmless too."""
    _, kept = publish({"conv1.weight": Bomb(tmp_path / "fired")})
    with pytest.raises(TimbangError, match=f"{kept} is neither"):
        load_weights(build("resnet34", 3), "torchvision", "resnet34")
    assert not (tmp_path / "fired").exists()


def test_weights_that_cannot_be_fetched_are_one_line(publish):
    file, kept = publish({})
    file.write_bytes(b"other")
    with pytest.raises(TimbangError, match=r"could not be fetched .invalid hash value"):
        load_weights(build("resnet34", 3), "torchvision", "resnet34")
    file.unlink()
    with pytest.raises(TimbangError, match=r"could not be fetched .*No such file"):
        load_weights(build("resnet34", 3), "torchvision", "resnet34")
    assert not kept.exists()


def test_all_that_torchvision_publishes_has_a_checksum_in_its_name():
    for name in TORCHVISION_NETWORKS:
        assert find_published(f"torchvision:{name}")[1]
