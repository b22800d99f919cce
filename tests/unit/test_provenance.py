"""What a step's code does identifies it, whatever it looks like and wherever it lies."""

import shutil
import subprocess
from pathlib import Path

import pytest

import timbang
from timbang.errors import TimbangError
from timbang.records import provenance
from timbang.records.provenance import CodeHasher, describe_code, require_version

ROOT = Path(__file__).resolve().parents[2]
MODULES = {
    "weigh/__init__.py": '"""The package."""\n',
    "weigh/a/__init__.py": "",
    "weigh/a/one.py": "from weigh.a import two\n\nONE = two.TWO\n",
    "weigh/a/two.py": 'TWO = 2\n\n\ndef add(x):\n    """Add."""\n    return x + TWO\n',
    "weigh/b.py": "B = 1\n",
    "weigh/c.py": "C = 1\n",
}
SCRIPT = "from weigh.a.one import ONE\n\n\ndef late():\n    import weigh.b\n\n\nprint(ONE)\n"


def make_package(folder):
    for name, text in {**MODULES, "script.py": SCRIPT}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def hash_of(folder, memory=None):
    hasher = CodeHasher(memory, folder / "weigh")
    found = hasher.hash_script(folder / "script.py")
    hasher.keep()
    return found


@pytest.fixture
def package(tmp_path):
    return make_package(tmp_path / "package")


@pytest.mark.parametrize("name", ["script.py", *MODULES])
def test_an_edit_counts_where_the_script_reaches_it(package, name):
    before = hash_of(package)
    with (package / name).open("a") as file:
        file.write("NEW = 1\n")
    assert (hash_of(package) != before) == (name not in ("weigh/c.py", "weigh/__init__.py"))


LOOKS = {
    "comment": ("weigh/a/two.py", "TWO = 2", "# Two.\nTWO = 2  # two"),
    "layout": ("weigh/a/two.py", "x + TWO", "(\n        x   +   TWO\n    )"),
    "docstring of a function": ("weigh/a/two.py", "Add.", "Return the sum."),
    "docstring taken out": ("weigh/a/two.py", '    """Add."""\n', ""),
    "docstring of a module": ("weigh/__init__.py", '"""The package."""', '"""Another."""'),
}


@pytest.mark.parametrize(("name", "before", "after"), LOOKS.values(), ids=LOOKS)
def test_looks_do_not_count(package, name, before, after):
    first = hash_of(package)
    text = (package / name).read_text()
    assert before in text
    (package / name).write_text(text.replace(before, after))
    assert hash_of(package) == first


def test_the_place_does_not_count(package, tmp_path):
    assert hash_of(make_package(tmp_path / "elsewhere")) == hash_of(package)


def test_what_is_remembered_is_neither_read_wrongly_nor_parsed_again(
    package, tmp_path, monkeypatch
):
    memory = tmp_path / "cache" / "code.json"
    before = hash_of(package, memory)
    parsed = []
    parse = provenance._parse
    note = lambda content, name: parsed.append(Path(name).name) or parse(content, name)  # noqa: E731
    monkeypatch.setattr(provenance, "_parse", note)
    assert hash_of(package, memory) == before
    assert parsed == []
    (package / "weigh/b.py").write_text("B = 2\n")
    assert hash_of(package, memory) != before
    assert parsed == ["b.py"]


@pytest.mark.parametrize("damage", ["", "[]", '{"a": 3}', '{"a": []}', "\0"])
def test_a_damaged_memory_is_written_anew(package, tmp_path, damage):
    memory = tmp_path / "code.json"
    memory.write_text(damage)
    assert hash_of(package, memory) == hash_of(package)
    assert memory.read_text() != damage


def git(folder, *arguments):
    name = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    done = subprocess.run(
        ["git", "-C", folder, *name, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository with a copy of the package, which then counts as Timbang's."""
    folder = tmp_path / "checkout"
    shutil.copytree(make_package(tmp_path / "made") / "weigh", folder / "src" / "weigh")
    (folder / "config").mkdir()
    (folder / "config" / "config.yaml").write_text("study: a\n")
    monkeypatch.setattr(provenance, "PACKAGE", folder / "src" / "weigh")
    return folder


def test_the_commit_is_named_and_whether_the_code_is_another(checkout):
    assert describe_code() == {"version": timbang.__version__, "commit": None, "modified": None}
    git(checkout, "init", "-q")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "All")
    commit = git(checkout, "rev-parse", "HEAD")
    expected = {"version": timbang.__version__, "commit": commit, "modified": False}
    assert describe_code() == expected
    (checkout / "config/config.yaml").write_text("study: b\n")
    (checkout / "results").mkdir()
    assert describe_code() == expected
    (checkout / "src/weigh/b.py").write_text("B = 3\n")
    assert describe_code() == expected | {"modified": True}


def test_a_package_in_somebody_else_s_repository_has_no_commit(checkout):
    git(checkout, "init", "-q")
    git(checkout, "add", "config")
    git(checkout, "commit", "-q", "-m", "Not the package")
    assert describe_code()["commit"] is None


def test_a_library_of_another_version_is_refused(tmp_path):
    require_version(Path(timbang.__file__))
    other = tmp_path / "__init__.py"
    other.write_text('"""Timbang."""\n\n__version__ = "9.9.9"\n')
    with pytest.raises(TimbangError, match=r"is version .*, the workflow is version 9\.9\.9"):
        require_version(other)


def test_every_script_of_the_workflow_can_be_hashed():
    hasher = CodeHasher(None)
    scripts = sorted((ROOT / "workflow/scripts").glob("*.py"))
    assert len({hasher.hash_script(script) for script in scripts}) == len(scripts) > 10
