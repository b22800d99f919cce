"""The error that a user's mistake raises: a message for the user, never a traceback."""

from timbang.printable import show_lines


class TimbangError(Exception):
    """A mistake in what the user provided.

    The message names the file, row or key, says what is wrong and what to do. Where several
    things are wrong it has one line for each. It can be printed whatever a name or a value holds.
    """

    def __str__(self) -> str:
        return show_lines(super().__str__())
