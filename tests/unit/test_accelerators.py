"""A GPU is seen by its device file; a machine without one runs side by side."""

import platform

import pytest

from timbang.training.accelerators import seems_to_have_gpu


@pytest.mark.skipif(platform.system() != "Linux", reason="tells by Linux's device files")
@pytest.mark.parametrize("name", ["nvidia0", "nvidia7", "kfd", "dxg"])
def test_device_files_are_seen(tmp_path, name):
    (tmp_path / name).touch()
    assert seems_to_have_gpu(tmp_path)


@pytest.mark.skipif(platform.system() != "Linux", reason="tells by Linux's device files")
def test_other_files_are_no_gpu(tmp_path):
    (tmp_path / "nvidiactl").touch()
    (tmp_path / "null").touch()
    assert not seems_to_have_gpu(tmp_path)
