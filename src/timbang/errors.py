"""The error that a user's mistake raises: a message for the user, never a traceback."""


class TimbangError(Exception):
    """A mistake in what the user provided.

    The message names the file, row or key, says what is wrong and what to do. Where several
    things are wrong it has one line for each.
    """
