"""Text of others as text that can be printed: in a figure, a log, a message, on a terminal.

A file's name, a label or a server's answer may hold what a terminal obeys, what no XML may hold,
or what makes a line read in another order than it is written in.
"""

import re

# What is no character to be seen: controls (C0, C1), the ends of lines and paragraphs, halves of
# characters, marks and overrides of the direction of writing (Unicode's UAX 9), and the code points
# that are never characters.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
    )
    + "]"
)


def show(text: str) -> str:
    r"""Return a text in one line, what cannot be seen written as Python does: ``\x1b``."""
    return _UNSEEN.sub(lambda found: ascii(found[0])[1:-1], text)


def show_lines(text: str) -> str:
    """Return a text with each of its lines as ``show`` returns it."""
    return "\n".join(map(show, text.split("\n")))
