"""The figures: each module here with a ``FIGURE`` is one, and the document finds it by itself."""

from importlib import import_module
from pkgutil import iter_modules

from timbang.report.figures.figure import Figure

# What figures share. These need matplotlib, which planning the workflow does without.
SHARED = ("rows", "style")


def list_figures() -> dict[str, Figure]:
    """Return all figures by name, in alphabetical order."""
    names = sorted(own.name for own in iter_modules(__path__) if own.name not in SHARED)
    modules = [import_module(f"{__name__}.{name}") for name in names]
    figures = [own.FIGURE for own in modules if hasattr(own, "FIGURE")]
    return {figure.name: figure for figure in figures}
