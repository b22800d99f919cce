"""Words of a study with the schema's defaults, for tests that change a few of them."""

from dataclasses import fields

from timbang.study.schema import defaults_of
from timbang.study.words import Data, Recipe, Split


def make_recipe(**own):
    return Recipe(**defaults_of("recipe") | own)


def make_data(source, **own):
    return Data(**defaults_of("data") | {"source": source} | own)


def make_split(*values, **own):
    """Make a split of what is given, by place or by name."""
    names = [field.name for field in fields(Split)]
    given = dict(zip(names, values, strict=False)) | own
    known = {"column": None} | defaults_of("split")
    return Split(**{name: given.get(name, known[name]) for name in names})
