"""What goes wrong with files."""

from __future__ import annotations

_LONGEST = 1000


class SavingError(ValueError):
    r"""A model file cannot be written or read; the message names the file and the reason.

    Messages quote what files say, and files are strangers: whatever comes, the message is one
    line of printable characters, of bounded length.

    Example:
        >>> str(SavingError("an unknown layer called 'a\nb' \x1b[2J"))
        "an unknown layer called 'a b' \\x1b[2J"
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(one_line(str(message)))


def one_line(text: str) -> str:
    """`text` without line breaks and control characters, its middle left out if it is long."""
    if len(text) > _LONGEST:
        half = _LONGEST // 2
        text = f"{text[:half]} ... {text[-half:]}"
    return "".join(c if c.isprintable() else _visible(c) for c in text).strip()


def _visible(character: str) -> str:
    return " " if character.isspace() else character.encode("unicode_escape").decode("ascii")
