"""An edit of a module reruns the steps whose results it may change, and no others."""

import ast
import re
import shutil
from pathlib import Path

import pytest

from timbang.records.provenance import SILENT, CodeHasher

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "workflow/scripts").glob("*.py"))
PACKAGE = ROOT / "src" / "timbang"
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
SAID_ONLY = {place.strip(".").replace(".", "/") + ".py" for place in SILENT if place}
# Started by the workflow, the launcher or Snakemake, and no part of a step.
OUTSIDE = re.compile(
    r"launcher/|running/|(.*/)?__init__\.py$|resources\.py$|reader/__main__\.py$|training/accelerators\.py$"
)
# The rooms that may change the results of a step before the report.
ROOMS = {
    "write_digits.py": {"sources", "records", "study"},
    "build_manifest.py": {"images", "sources", "records", "study", "splits"},
    "write_pixels.py": {"images", "records"},
    "split_images.py": {"splits", "records", "study", "streams.py"},
    "train_network.py": {
        "training",
        "networks",
        "records",
        "study",
        "streams.py",
        "images/pixels.py",
        "probes/measures.py",
        "scores/predictions.py",
    },
}


class Edits:
    """A copy of the package and of the scripts, of which one module at a time is edited."""

    def __init__(self, folder):
        self.package = folder / "src" / "timbang"
        shutil.copytree(PACKAGE, self.package, ignore=shutil.ignore_patterns("__pycache__"))
        self.memory = folder / "memory.json"
        self.before = self.hash_scripts()

    def hash_scripts(self):
        hasher = CodeHasher(self.memory, self.package)
        hashes = {script.name: hasher.hash_script(script) for script in SCRIPTS}
        if not self.memory.is_file():
            hasher.keep()
        return hashes

    def list_rerun(self, module, text):
        """Return the scripts whose rules would rerun if a module had this text."""
        path = self.package / module
        before = path.read_text(encoding="utf-8")
        path.write_text(text, encoding="utf-8")
        after = self.hash_scripts()
        path.write_text(before, encoding="utf-8")
        return {name for name, own in after.items() if own != self.before[name]}


@pytest.fixture(scope="module")
def edits(tmp_path_factory):
    return Edits(tmp_path_factory.mktemp("edits"))


def reword(text):
    """Change all that a module says and how it looks: comments, docstrings, errors, logs, lines."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            node.exc.args = [ast.Constant("reworded")]
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                first.value = ast.Constant("Reworded.")
        if isinstance(node, ast.Expr) and re.match(r"(self\.)?log(ger)?\.", ast.unparse(node)):
            node.value.args = [ast.Constant("reworded")]
    return "# Reworded.\n" + ast.unparse(tree)


@pytest.mark.parametrize("module", MODULES)
def test_what_a_module_says_reruns_nothing(edits, module):
    text = (PACKAGE / module).read_text(encoding="utf-8")
    assert edits.list_rerun(module, reword(text)) == set()


@pytest.mark.parametrize("module", MODULES)
def test_what_a_module_does_reruns_the_steps_that_it_is_part_of(edits, module):
    text = (PACKAGE / module).read_text(encoding="utf-8")
    rerun = edits.list_rerun(module, text + "\nEDITED = 1\n")
    if module in SAID_ONLY or module == "__init__.py":
        assert rerun == set()
        return
    assert rerun or OUTSIDE.match(module) or is_asked_while_planning(module), module
    for script, rooms in ROOMS.items():
        if script in rerun:
            room = module.partition("/")[0]
            is_door = module.endswith("__init__.py")
            assert is_door or module in rooms or room in rooms, f"{module} reruns {script}"


def is_asked_while_planning(module):
    """Tell a module that decides what runs, whose answers are parameters of the rules."""
    name = "timbang." + module.removesuffix(".py").replace("/", ".")
    files = [ROOT / "workflow/Snakefile", *(ROOT / "workflow/rules").glob("*.smk")]
    planning = "\n".join(file.read_text(encoding="utf-8") for file in files)
    todo, seen = [n for n in re.findall(r"(?:from|import) (timbang[\w.]*)", planning)], set()
    while todo:
        own = todo.pop()
        path = PACKAGE.parent / (own.replace(".", "/") + ".py")
        if own in seen or not path.is_file():
            continue
        seen.add(own)
        todo += re.findall(r"^(?:from|import) (timbang[\w.]*)", path.read_text("utf-8"), re.M)
    return name in seen
