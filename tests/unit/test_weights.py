"""A file of weights is put into the network or refused in one line, however damaged it is."""

import io
import json
import os
import random
import socket
import warnings

import pytest
import torch
from safetensors.torch import save
from torch import nn

from timbang.errors import TimbangError
from timbang.training import transfer
from timbang.training.transfer import load_weights, read_state


def make_network():
    return nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))


def with_torch(state, **options):
    buffer = io.BytesIO()
    torch.save(state, buffer, **options)
    return buffer.getvalue()


FUZZED = 150
FORMATS = {
    "safetensors": save,
    "torch": with_torch,
    "old torch": lambda state: with_torch(state, _use_new_zipfile_serialization=False),
}


def try_to_load(path, content):
    """Load a file's content into a network; return the line that refuses it, or None."""
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            load_weights(make_network(), str(path), "mine")
        except TimbangError as error:
            (line,) = str(error).splitlines()
            assert line.startswith(f"recipe.weights: {path}")
            return line
    return None


@pytest.mark.parametrize("form", FORMATS)
def test_whole_file_is_taken(tmp_path, form):
    assert try_to_load(tmp_path / "w", FORMATS[form](make_network().state_dict())) is None


# Tensors that torch saves and that a network's weights cannot be copied from.
ODD = {
    "sparse": lambda weight: weight.to_sparse(),
    "meta": lambda weight: weight.to("meta"),
    "quantized": lambda weight: torch.quantize_per_tensor(weight, 0.1, 0, torch.qint8),
    "jagged": lambda weight: torch.nested.nested_tensor([*weight[0, 0]], layout=torch.jagged),
    "complex": lambda weight: weight.to(torch.complex64),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ODD)
def test_odd_tensor_is_refused(tmp_path, kind):
    state = make_network().state_dict()
    state["0.weight"] = ODD[kind](state["0.weight"])
    line = try_to_load(tmp_path / "w", with_torch(state))
    # torch itself reads no jagged tensors but of classes that it is told to trust.
    assert "'0.weight' is not a dense tensor" in line or (kind == "jagged" and "neither" in line)


@pytest.mark.parametrize(
    "state",
    [
        [],
        None,
        {1: torch.zeros(1)},
        {"a": {"b": torch.zeros(1)}},
        {"state_dict": {"state_dict": {}}},
        {},
    ],
    ids=repr,
)
def test_other_content_is_one_line(tmp_path, state):
    assert try_to_load(tmp_path / "w", with_torch(state))


def test_name_with_a_line_break_is_still_one_line(tmp_path):
    odd = torch.zeros(2, 2).to_sparse()
    assert "'a\\nb'" in try_to_load(tmp_path / "w", with_torch({"a\nb": odd}))


@pytest.mark.parametrize("dtype", ["F4", "C64", 3])
def test_safetensors_of_odd_numbers_are_one_line(tmp_path, dtype):
    header = json.dumps({"0.weight": {"dtype": dtype, "shape": [2], "data_offsets": [0, 8]}})
    content = len(header).to_bytes(8, "little") + header.encode() + bytes(8)
    assert try_to_load(tmp_path / "w", content)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_file_that_may_not_be_read_is_told(tmp_path):
    (tmp_path / "w").touch(mode=0)
    with pytest.raises(TimbangError, match=r"cannot be read .Permission denied"):
        read_state(tmp_path / "w")


def damage(content, draw):
    """Return the content with bytes changed, cut out, doubled, or the end cut off."""
    content = bytearray(content)
    for _ in range(draw.randint(1, 4)):
        place = draw.randrange(len(content))
        length = draw.choice([1, 1, 2, 8, 64])
        match draw.randrange(5):
            case 0 | 1:
                content[place : place + length] = draw.randbytes(length)
            case 2:
                del content[place : place + length]
            case 3:
                content[place:place] = content[place : place + length]
            case _:
                content[place] ^= 1 << draw.randrange(8)
    return bytes(content[: draw.randrange(len(content))] if not draw.randrange(10) else content)


@pytest.mark.parametrize("form", FORMATS)
def test_any_damage_is_harmless_or_one_line(tmp_path, form):
    whole = FORMATS[form](make_network().state_dict())
    draw = random.Random(form)
    lines = [try_to_load(tmp_path / "w", damage(whole, draw)) for _ in range(FUZZED)]
    assert any(lines) and not all(lines)
    assert [path.name for path in tmp_path.iterdir()] == ["w"]


def test_a_server_that_says_nothing_is_given_up(tmp_path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/net-0123456789.pth"
        monkeypatch.setattr(transfer, "TIMEOUT", 0.2)
        monkeypatch.setattr(transfer, "find_published", lambda name: (address, "0123456789"))
        monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
        with pytest.raises(TimbangError, match="could not be fetched"):
            load_weights(make_network(), "torchvision", "torchvision:mine")
    assert socket.getdefaulttimeout() is None
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []
