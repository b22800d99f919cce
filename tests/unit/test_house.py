"""The library is built as docs and design say: its imports run down the house only."""

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "timbang"
# From the roof to the ground. A part may import from itself and from what stands below it.
HOUSE = ["report", "evidence", "evaluation", "training", "networks", "data"]
GROUND = [
    "study",
    "streams",
    "errors",
    "printable",
    "logs",
    "accelerators",
    "launcher",
    "made_with",
    "plain_yaml",
    "provenance",
    "resources",
]
HEAVY = ("torch", "torchvision", "safetensors")
FILES = sorted(SOURCE.rglob("*.py"))


def name_of(file):
    return ".".join(file.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")


def imports(file, inside_functions=True):
    """Return the modules that a file imports, those for type checking left out."""
    found = set()
    waiting = list(ast.parse(file.read_text()).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.FunctionDef) and not inside_functions:
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} has a relative import"
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        waiting.extend(ast.iter_child_nodes(node))
    return found


def part_of(module):
    parts = module.split(".")
    return parts[1] if parts[0] == "timbang" and len(parts) > 1 else None


def level(part):
    return HOUSE.index(part) if part in HOUSE else len(HOUSE)


def test_every_part_has_its_place():
    parts = {part_of(name_of(file)) for file in FILES} - {None}
    assert parts <= {*HOUSE, *GROUND}
    assert {"report", "evaluation", "training", "networks", "data"} <= parts


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_imports_run_down_the_house(file):
    own = part_of(name_of(file))
    for module in imports(file):
        part = part_of(module)
        if part is None or part == own:
            continue
        assert level(own) < level(part) or part in GROUND, f"{name_of(file)} imports {module}"
        assert own not in GROUND or part in GROUND, f"{name_of(file)} imports {module}"


def reached(module, seen):
    """Return all that importing a module imports of Timbang and of the heavy libraries."""
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        path = SOURCE.parent.joinpath(*parts[:depth])
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if file not in seen and file.is_file() and parts[0] == "timbang":
            seen.add(file)
            for found in imports(file, inside_functions=False):
                reached(found, seen)
    if parts[0] in HEAVY:
        seen.add(parts[0])
    return seen


@pytest.mark.parametrize("part", ["report", "evidence"])
def test_report_and_evidence_never_reach_torch(part):
    for file in (SOURCE / part).rglob("*.py"):
        assert not reached(name_of(file), set()) & set(HEAVY), name_of(file)


def test_training_reaches_torch():
    """Or the test above would look in the wrong way."""
    assert "torch" in reached("timbang.training.loop", set())


def test_the_library_knows_nothing_of_snakemake():
    for file in FILES:
        assert not any(module.split(".")[0] == "snakemake" for module in imports(file)), file


def test_no_circles():
    """Every module's imports can be ordered: those that import nothing first."""
    waiting = {name_of(file): imports(file) for file in FILES}
    waiting = {name: {m for m in found if m in waiting} for name, found in waiting.items()}
    while waiting:
        free = [name for name, found in waiting.items() if not found & waiting.keys() - {name}]
        assert free, f"these import each other: {sorted(waiting)}"
        for name in free:
            del waiting[name]


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
