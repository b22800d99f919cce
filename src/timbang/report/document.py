"""The document: a template filled in with a study's facts.

Everything that a template inserts is escaped unless it is ``TeX`` already, so that no text of
a user can become a command.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from timbang.languages.texts import Texts, join_words, write_count
from timbang.report.context import write_loss_spread, write_spread
from timbang.report.tex import TeX, escape_tex, number, percent, plain_number


def render_document(template: Path, context: Mapping[str, Any], texts: Texts) -> str:
    """Fill in a template of TeX.

    Statements stand in ``<% %>``, values in ``<< >>``, comments in ``<# #>``.

    Args:
        template: the file; templates that it extends or includes stand beside it.
        context: what the template may name; naming anything else is an error.
        texts: the words of the language.
    """
    environment = Environment(
        loader=FileSystemLoader(template.parent),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        undefined=StrictUndefined,
        finalize=lambda value: value if isinstance(value, TeX) else escape_tex(value),
    )
    environment.filters |= {
        "percent": percent,
        "in_words": lambda count: write_count(count, texts),
        "in_words_or_none": lambda count: write_count(count, texts) if count else texts["none"],
        "number": number,
        "joined": lambda items: TeX(join_words([str(_escaped(item)) for item in items], texts)),
        "spread": lambda values: write_spread(values, texts),
        "spread_loss": lambda values: write_loss_spread(values, texts),
        "signed": write_signed,
        "joined_parts": lambda parts: TeX("; ".join(parts)),
    }
    return environment.get_template(template.name).render(context)


def write_signed(value: float, digits: int) -> TeX:
    """Return a number with its sign: "+3.2", "-3.2", and "0.0" where it would print as nothing."""
    text = plain_number(value, digits)
    return TeX(rf"\num{{+{text}}}") if float(text) > 0 else number(value, digits)


def _escaped(item: object) -> TeX:
    return item if isinstance(item, TeX) else escape_tex(item)
