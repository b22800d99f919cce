"""Text is read and written in one encoding; that imports run down the house is import-linter's."""

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "timbang"
FILES = sorted(SOURCE.rglob("*.py"))
ROOT = SOURCE.parents[1]
SCRIPTS = sorted((ROOT / "workflow/scripts").glob("*.py"))
# These have an open of their own, which is not of text.
NOT_OF_TEXT = ("Image", "os", "tarfile", "member")


def reads_text_as_the_system_likes(call):
    """Tell a call that reads or writes text and leaves its encoding to the system's settings."""
    if any(option.arg == "encoding" for option in call.keywords):
        return False
    own = isinstance(call.func, ast.Name)
    name = call.func.id if own else getattr(call.func, "attr", "")
    if name == "open":
        if not own and ast.unparse(call.func.value) in NOT_OF_TEXT:
            return False
        # Standard input, output and error are the terminal's, which has settings of its own.
        if own and isinstance(call.args[0], ast.Constant) and call.args[0].value in (0, 1, 2):
            return False
        given = [option.value for option in call.keywords if option.arg == "mode"]
        mode = [*call.args[1:2], *given] if own else [*call.args[:1], *given]
        return not mode or "b" not in ast.literal_eval(mode[0])
    as_text = any(option.arg in ("text", "universal_newlines") for option in call.keywords)
    if name in ("read_text", "write_text") and own:
        # The library's own, which has one encoding.
        return False
    return name in ("read_text", "write_text", "fdopen", "TextIOWrapper") or as_text


def calls(text):
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]


@pytest.mark.parametrize(
    "file",
    [*FILES, *SCRIPTS],
    ids=lambda file: file.stem,
)
def test_text_is_the_same_whatever_the_systems_settings(file):
    found = [call for call in calls(file.read_text()) if reads_text_as_the_system_likes(call)]
    assert [f"{file.name}:{call.lineno}" for call in found] == []


def test_no_rule_reads_text_itself():
    """Or the test above would have to read the language of Snakemake."""
    for file in [ROOT / "Snakefile", *(ROOT / "workflow/rules").glob("*.smk")]:
        for line in re.findall(r".*\b(?:read_text|write_text|open)\(.*", file.read_text()):
            assert "encoding=" in line, f"{file.name}: {line}"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("open(path)", True),
        ("open(path, 'w')", True),
        ("open(path, mode='rb')", False),
        ("open(1, 'w')", False),
        ("path.open()", True),
        ("path.open('xb')", False),
        ("path.open('w', encoding='utf-8')", False),
        ("Image.open(path)", False),
        ("Path(path).read_text()", True),
        ("Path(path).write_text(text, encoding='utf-8')", False),
        ("subprocess.run(command, text=True)", True),
    ],
)
def test_text_without_an_encoding_is_found(call, expected):
    assert reads_text_as_the_system_likes(calls(call)[0]) == expected
