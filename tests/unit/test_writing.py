"""A file is there whole or not at all; its bytes are what was to be written."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from timbang.records import writing
from timbang.records.writing import write_json, write_table, write_text, write_whole

WRITERS = [
    lambda path: write_whole(path, b"after"),
    lambda path: write_text(path, "after"),
    lambda path: write_json(path, {"after": 1}),
    lambda path: write_table(path, pd.DataFrame({"after": [1]})),
]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()]
)
def test_what_stops_the_writing_leaves_the_file_before_and_no_half(
    tmp_path, monkeypatch, write, error
):
    path = tmp_path / "file"
    path.write_bytes(b"before")

    def fail(descriptor):
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    for _ in range(3):
        with pytest.raises(type(error)):
            write(path)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"before"


@pytest.mark.parametrize("write", WRITERS)
def test_missing_folders_are_made_and_an_old_file_is_replaced(tmp_path, write):
    path = tmp_path / "a" / "b" / "file"
    write(path)
    first = path.read_bytes()
    path.write_bytes(b"other")
    write(path)
    assert path.read_bytes() == first != b"other"
    assert list(path.parent.iterdir()) == [path]


def test_a_file_in_the_way_of_a_folder_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        write_text(tmp_path / "file" / "inner", "")


def test_a_text_is_written_as_it_is(tmp_path):
    write_text(tmp_path / "file", "é\r\n\n")
    assert (tmp_path / "file").read_bytes() == "é\r\n\n".encode()


def test_json_is_written_as_asked(tmp_path):
    path = tmp_path / "file"
    write_json(path, {"b": "é", "a": 1})
    assert path.read_text() == '{\n  "b": "\\u00e9",\n  "a": 1\n}\n'
    write_json(path, {"b": "é", "a": 1}, sort_keys=True, ensure_ascii=False)
    assert path.read_text(encoding="utf-8") == '{\n  "a": 1,\n  "b": "é"\n}\n'
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, [float("nan")], allow_nan=False)
    assert json.loads(path.read_text(encoding="utf-8")) == {"a": 1, "b": "é"}


def test_a_table_with_carriage_returns_comes_back(tmp_path):
    table = pd.DataFrame({"label": ["a\rb", "c"], "count": [1, 2]})
    write_table(tmp_path / "file", table)
    assert pd.read_csv(tmp_path / "file").equals(table)


def test_it_is_imported_without_pandas():
    """It is imported while the workflow is parsed."""
    code = "import sys, timbang.records.writing; sys.exit('pandas' in sys.modules)"
    path = {"PYTHONPATH": str(Path(writing.__file__).parents[2])}
    assert subprocess.run([sys.executable, "-c", code], env=os.environ | path).returncode == 0
