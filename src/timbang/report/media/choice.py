"""The media, and how a message of the document is written in one of them.

Each of them has the same methods, which say how the parts of the document look. All arguments but
ids, labels and files are in the medium already, and so are the results. ``escape`` takes a text of
the user's and ``prose`` one of the document's own.
"""

import re

from timbang.report.media.html import Html
from timbang.report.media.tex import Tex

Medium = Html | Tex
# In a message: a placeholder, a per cent sign, *emphasis* and `a name of a file or key`.
_PARTS = re.compile(r"(%\(\w+\)s|%%|\*[^*]+\*|`[^`]+`)")


def write_literal(medium: Medium, message: str) -> str:
    """Return a message in a medium, its placeholders as they are."""
    return "".join(_write_part(medium, part) for part in _PARTS.split(message))


def _write_part(medium: Medium, part: str) -> str:
    if re.fullmatch(r"%\(\w+\)s", part):
        return part
    if part == "%%":
        part = "%"
    if len(part) > 2 and part[0] == part[-1] == "*":
        return medium.emphasise(write_literal(medium, part[1:-1]))
    if len(part) > 2 and part[0] == part[-1] == "`":
        return medium.code(write_literal(medium, part[1:-1]))
    # No line ends within an equation.
    return medium.prose(part.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")).replace(
        "%", "%%"
    )
