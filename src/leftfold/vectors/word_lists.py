"""Lists that vectors are judged by: analogies in sections, pairs of words with their similarity."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from leftfold.datasets.errors import DataError


class Question(NamedTuple):
    """An analogy: a is to b as c is to d."""

    a: str
    b: str
    c: str
    d: str


class Pair(NamedTuple):
    """Two words, and how alike people find them."""

    one: str
    other: str
    score: float


def read_questions(path: Path | str) -> dict[str, list[Question]]:
    r"""Analogies by section, in the format of word2vec's questions-words.txt.

    Args:
        path: lines of four words, below lines that begin with `:` and name a section.

    Raises:
        DataError: for a file that cannot be read, and for lines of another form, by number.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "questions.txt"
        >>> _ = path.write_text(": capitals\nParis France Rome Italy\n")
        >>> read_questions(path)["capitals"][0].d
        'Italy'
    """
    sections: dict[str, list[Question]] = {}
    current = ""
    for number, line in enumerate(_lines(path), 1):
        parts = line.split()
        if line.startswith(":"):
            current = line[1:].strip()
            sections.setdefault(current, [])
        elif len(parts) == 4:
            sections.setdefault(current or "all", []).append(Question(*parts))
        elif parts:
            raise DataError(f"{path}, line {number}: expected four words, got {line[:60]!r}.")
    sections = {name: questions for name, questions in sections.items() if questions}
    if not sections:
        raise DataError(f"{path} holds no questions.")
    return sections


def read_pairs(path: Path | str) -> list[Pair]:
    """Pairs of words with a similarity, as WordSim-353, SimLex-999, MEN and others have them.

    Args:
        path: lines of two words and a number, between tabs, commas or blanks; a first line of
            names is skipped, and so are lines that begin with `#`.

    Raises:
        DataError: for a file that cannot be read, and for lines of another form, by number.
    """
    pairs = []
    for number, line in enumerate(_lines(path), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in re.split(r"[\t,;]| +", line.strip()) if part.strip()]
        score = _number(parts[2]) if len(parts) >= 3 else None
        if score is not None:
            pairs.append(Pair(parts[0], parts[1], score))
        elif pairs or number > 1:
            raise DataError(
                f"{path}, line {number}: expected two words and a number, got {line[:60]!r}."
            )
    if not pairs:
        raise DataError(f"{path} holds no pairs.")
    return pairs


def _lines(path: Path | str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 ({error.object[error.start]:#04x}).") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value == value and abs(value) != float("inf") else None
