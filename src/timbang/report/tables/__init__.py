"""The tables: each module here is one, and the document finds it by itself."""

from importlib import import_module
from pkgutil import iter_modules

from timbang.report.tables.table import Table


def list_tables() -> dict[str, Table]:
    """Return all tables by name."""
    modules = (import_module(f"{__name__}.{own.name}") for own in iter_modules(__path__))
    tables = [own.TABLE for own in modules if hasattr(own, "TABLE")]
    return {table.name: table for table in tables}
