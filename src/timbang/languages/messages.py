"""Messages that stand apart from where they are said."""


def message(text: str) -> str:
    """Return a message as it is; the name tells translators' tools that it is one."""
    return text
