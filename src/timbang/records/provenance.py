"""Which code made a result: its version and commit, and a hash of what its steps do."""

import ast
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import timbang
from timbang.errors import TimbangError
from timbang.records.writing import write_text

PACKAGE = Path(__file__).resolve().parents[1]


def describe_code() -> dict[str, str | bool | None]:
    """Return ``version``; ``commit``, its 40 hexadecimal digits; whether it was ``modified``.

    Without git, or where the package was installed, the last two are None.
    """
    commit = _ask_git("rev-parse", "HEAD")
    # A package that lies in somebody else's repository has no commit of its own.
    if commit is None or not _ask_git("ls-files", "__init__.py"):
        return {"version": timbang.__version__, "commit": None, "modified": None}
    changes = _ask_git("status", "--porcelain", "--untracked-files=no", "--", ".", "../../workflow")
    return {"version": timbang.__version__, "commit": commit, "modified": bool(changes)}


def require_version(of_workflow: Path) -> None:
    """Check that an installed library is of the workflow that uses it.

    Args:
        of_workflow: the library's ``__init__.py`` in the workflow's repository.

    Raises:
        TimbangError: it has another version.
    """
    line = re.search(r'^__version__ = "(.+)"$', of_workflow.read_text(encoding="utf-8"), re.M)
    if line and line[1] != timbang.__version__:
        raise TimbangError(
            f"the library in {PACKAGE} is version {timbang.__version__}, the workflow is version "
            f"{line[1]}: install the library of the workflow's own tag or commit"
        )


def _ask_git(*arguments: str) -> str | None:
    """Return what git says of this package's folder, None where it cannot."""
    try:
        done = subprocess.run(
            ["git", "-C", PACKAGE, *arguments],
            capture_output=True,
            check=True,
            encoding="utf-8",
            errors="replace",
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


# Modules, by their place in the package, that change what is shown or recorded of a run and never
# what comes out of it. The package's own holds the version.
SILENT = (
    "",
    ".errors",
    ".logs",
    ".printable",
    ".records.made_with",
    ".records.provenance",
    ".study.messages",
    ".training.lease",
    ".training.progress",
)


# What stands among the imports of a package that goes through its own modules (pkgutil).
ALL_OF_PACKAGE = ".*"

_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class _Source:
    """What a file of Python does, as a SHA-256, and the modules that it may import."""

    digest: str
    imports: tuple[str, ...]


class CodeHasher:
    """Says by a hash whether the code of a step has changed in more than its looks.

    Comments, docstrings and formatting do not count, nor does where the files lie. What is said
    does not either: the arguments of a raised error, the lines of a log, and ``SILENT`` modules.

    Args:
        memory: a file in which each source's hash is kept under the source's own, since parsing
            takes longer than anything else at a start; None keeps none. It need not be there,
            and one that cannot be written is done without.
        package: the folder of the package whose modules count.
    """

    def __init__(self, memory: Path | None, package: Path = PACKAGE) -> None:
        self.memory = memory
        self.modules = dict(_list_modules(package))
        for place in SILENT:
            self.modules.pop(package.name + place, None)
        self.known = _read_memory(memory)
        self.used: dict[str, _Source] = {}
        self.sources: dict[Path, _Source] = {}

    def hash_script(self, script: Path) -> str:
        """Return a SHA-256 over a script and all modules of the package that it reaches.

        Raises:
            OSError, SyntaxError: the script or a module cannot be read.
        """
        found = {"": self._read(script)}
        waiting = list(found[""].imports)
        while waiting:
            name = waiting.pop()
            if name in self.modules and name not in found:
                found[name] = self._read(self.modules[name])
                # The packages around a module run before it.
                waiting += [*found[name].imports, name.rpartition(".")[0]]
                if ALL_OF_PACKAGE in found[name].imports:
                    waiting += [own for own in self.modules if own.startswith(f"{name}.")]
        digest = hashlib.sha256()
        for name in sorted(found):
            digest.update(f"{name} {found[name].digest}\n".encode())
        return digest.hexdigest()

    def keep(self) -> None:
        """Write the memory where it has changed."""
        if self.memory is None or self.used == self.known:
            return
        content = {key: [source.digest, *source.imports] for key, source in self.used.items()}
        with suppress(OSError):
            write_text(self.memory, json.dumps(content))

    def _read(self, file: Path) -> _Source:
        if file not in self.sources:
            content = file.read_bytes()
            # The normal form is Python's own, which another version may write in another way.
            key = hashlib.sha256(str(sys.version_info[:2]).encode() + content).hexdigest()
            source = self.known.get(key) or _parse(content, str(file))
            self.sources[file] = self.used[key] = source
        return self.sources[file]


def _list_modules(package: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and file of each module of a package, as ``timbang.data`` and its __init__.py."""
    for file in package.rglob("*.py"):
        parts = file.relative_to(package.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file


def _parse(content: bytes, name: str) -> _Source:
    effect = _Effect()
    tree = effect.visit(ast.parse(content, name))
    digest = hashlib.sha256(ast.unparse(tree).encode("utf-8", "surrogatepass")).hexdigest()
    return _Source(digest, tuple(sorted(effect.imports)))


class _Effect(ast.NodeTransformer):
    """Takes out of a module what it only says: docstrings, errors' arguments, lines of a log.

    ``imports`` are the modules that it may import.
    """

    def __init__(self) -> None:
        self.imports: set[str] = set()

    def visit(self, node: ast.AST) -> Any:
        """Pass over expressions, in which no statement stands."""
        if isinstance(node, ast.expr):
            return node
        if isinstance(node, _Documented):
            _drop_docstring(node)
        return super().visit(node)

    def visit_Import(self, node: ast.Import) -> ast.Import:
        """Note what is imported."""
        self.imports.update(alias.name for alias in node.names)
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        """Note what is imported; a name from a package may be a module."""
        if node.module:
            self.imports.add(node.module)
            self.imports.update(f"{node.module}.{alias.name}" for alias in node.names)
            if any(alias.name == "iter_modules" for alias in node.names):
                self.imports.add(ALL_OF_PACKAGE)
        return node

    def visit_Raise(self, node: ast.Raise) -> ast.Raise:
        """Keep the kind of an error alone."""
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return ast.Raise(exc=raised, cause=node.cause)

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | ast.Pass:
        """Drop a line of a log."""
        return ast.Pass() if _is_logged(node.value) else node


def _is_logged(node: ast.expr) -> bool:
    """Return whether an expression is a call of a method of ``log``, ``logger`` or ``x.log``."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    owner = node.func.value
    name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return name in ("log", "logger")


def _drop_docstring(node: _Documented) -> None:
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        node.body[:1] = [] if len(node.body) > 1 else [ast.Pass()]


def _read_memory(memory: Path | None) -> dict[str, _Source]:
    try:
        content = json.loads(memory.read_text(encoding="utf-8")) if memory else {}
    except (OSError, ValueError):
        return {}
    if not isinstance(content, Mapping):
        return {}
    return {
        key: _Source(entry[0], tuple(entry[1:]))
        for key, entry in content.items()
        if isinstance(entry, list) and entry and all(isinstance(word, str) for word in entry)
    }
