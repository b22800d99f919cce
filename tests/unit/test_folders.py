"""Folders are removed however deep they are, and what stays is told."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from timbang.sources.folders import clear_away, remove_folder


@contextmanager
def shallow_stack():
    """Let Python call fewer functions in each other, since deep folders are slow to make."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(300)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def make_deep(folder):
    """Make folders in each other, more than there may be calls."""
    folder.mkdir()
    for depth in range(1, sys.getrecursionlimit() + 100):
        Path(folder, *["a"] * depth).mkdir()


def test_folder_deeper_than_the_stack_is_removed(tmp_path):
    with shallow_stack():
        make_deep(tmp_path / "deep")
        remove_folder(tmp_path / "deep")
    assert list(tmp_path.iterdir()) == []


def test_links_are_removed_and_not_followed(tmp_path):
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    (outside / "precious").touch()
    (folder / "deep").mkdir(parents=True)
    (folder / "deep/link").symlink_to(outside)
    (folder / "dangling").symlink_to(tmp_path / "nowhere")
    remove_folder(folder)
    (tmp_path / "link").symlink_to(outside)
    remove_folder(tmp_path / "link")
    assert list(tmp_path.iterdir()) == [outside]
    assert (outside / "precious").exists()


def test_what_is_not_there_or_no_folder_is_removed_too(tmp_path):
    remove_folder(tmp_path / "nothing")
    (tmp_path / "file").touch()
    remove_folder(tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_removed_is_told(tmp_path, monkeypatch, caplog):
    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "folder").mkdir()
    monkeypatch.setattr(os, "rmdir", refuse)
    with pytest.raises(PermissionError):
        remove_folder(tmp_path / "folder")
    clear_away(tmp_path / "folder")
    assert f"{tmp_path / 'folder'} is left over" in caplog.text
