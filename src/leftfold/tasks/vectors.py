"""Pretrained word vectors from files: GloVe and fastText text, word2vec text and binary.

Formats: https://nlp.stanford.edu/projects/glove (word and numbers, one line each);
https://fasttext.cc/docs/en/english-vectors.html and word2vec's text format (the same behind a line
with the number of words and of dimensions); word2vec's binary format (that line, then each word, a
space, and float32 numbers).
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from leftfold.tasks.errors import DataError

_MOST_DIMENSIONS = 10_000
_LONGEST_WORD = 4_000
_BINARY = (".bin", ".bin.gz")


@dataclass
class WordVectors:
    """Words and their vectors, the most frequent words first as files have them.

    Attributes:
        words: as the file writes them.
        values: float32 `(words, dimensions)`.
        source: the file's name.
    """

    words: list[str]
    values: np.ndarray
    source: str = "vectors"

    def __post_init__(self) -> None:
        self._rows: dict[str, int] = {}
        for row, word in enumerate(self.words):
            self._rows.setdefault(word, row)
        for row, word in enumerate(self.words):
            self._rows.setdefault(word.lower(), row)

    def row(self, word: str) -> int | None:
        """Where a word stands: as it is, or its first form in another case."""
        return self._rows.get(word)


@dataclass(frozen=True)
class Coverage:
    """How much of a vocabulary pretrained vectors know.

    Attributes:
        words: of the training part's vocabulary.
        known: how many of those have a vector.
        occurrences_known: the share of the training part's running words that have one.
        missing: the most frequent words that have none.
        added: words that only the vectors' file knows and that were taken over.
    """

    words: int
    known: int
    occurrences_known: float
    missing: tuple[str, ...]
    added: int = 0

    def __str__(self) -> str:
        text = (
            f"{self.known:,} of {self.words:,} words of the training part have a pretrained "
            f"vector, {self.occurrences_known:.1%} of its running words"
        )
        if self.missing:
            text += "; the most frequent without: " + ", ".join(self.missing)
        if self.added:
            text += f"; {self.added:,} words more come from the vectors' file"
        return text


def read_vectors(path: Path | str, most: int | None = None) -> WordVectors:
    r"""Read pretrained vectors; also from a file compressed with gzip.

    Args:
        path: a file that ends in `.bin` or `.bin.gz` for word2vec's binary format, anything else
            for text.
        most: read so many words only, the first ones.

    Raises:
        DataError: for a file that is missing or damaged, by line where there are lines.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "tiny.txt"
        >>> _ = path.write_text("good 1 0.5\nbad -1 0.5\n")
        >>> read_vectors(path).values.tolist()
        [[1.0, 0.5], [-1.0, 0.5]]
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"vectors: {path} is no file.")
    opener: Any = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opener(path, "rb") as file:
            buffered = io.BufferedReader(file, 1 << 20)
            read = _read_binary if path.name.lower().endswith(_BINARY) else _read_text
            words, rows = read(buffered, str(path), most)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"vectors: {path} cannot be read: {error}.") from error
    if not words:
        raise DataError(f"vectors: {path} holds no words.")
    values = np.stack(rows)
    if not np.isfinite(values).all():
        row = int(np.argwhere(~np.isfinite(values))[0, 0])
        raise DataError(f"vectors: {path}: the vector of {words[row]!r} is not finite.")
    return WordVectors(words, values, str(path))


def _header(line: bytes) -> tuple[int, int] | None:
    """Words and dimensions where a line holds just those."""
    parts = line.split()
    if len(parts) != 2 or not all(part.isdigit() for part in parts):
        return None
    return int(parts[0]), int(parts[1])


def _read_text(file: IO[bytes], name: str, most: int | None) -> tuple[list[str], list[np.ndarray]]:
    words: list[str] = []
    rows: list[np.ndarray] = []
    dimensions = 0
    for number, line in _lines(file, name):
        if number == 1 and (header := _header(line)):
            dimensions = header[1]
            continue
        if most is not None and len(words) >= most:
            break
        parts = line.rstrip().split(b" ")
        dimensions = dimensions or len(parts) - 1
        if not 1 <= dimensions <= _MOST_DIMENSIONS:
            raise DataError(f"vectors: {name}, line {number}: expected a word and its numbers.")
        word = b" ".join(parts[:-dimensions])
        try:
            values = np.array(parts[-dimensions:], np.float32)
        except ValueError:
            values = np.empty(0, np.float32)
        if not word or len(values) != dimensions:
            raise DataError(
                f"vectors: {name}, line {number}: expected a word and {dimensions} numbers, got "
                f"{line[:40].decode('utf-8', 'replace')!r}..."
            )
        words.append(word.decode("utf-8", "replace"))
        rows.append(values)
    return words, rows


def _lines(file: IO[bytes], name: str) -> Iterator[tuple[int, bytes]]:
    longest = 32 * _MOST_DIMENSIONS
    number = 0
    while line := file.readline(longest):
        number += 1
        if len(line) == longest:
            raise DataError(f"vectors: {name}, line {number} is longer than any vector.")
        if line.strip():
            yield number, line


def _read_binary(
    file: IO[bytes], name: str, most: int | None
) -> tuple[list[str], list[np.ndarray]]:
    header = _header(file.readline(100))
    if header is None or not 1 <= header[1] <= _MOST_DIMENSIONS:
        raise DataError(f"vectors: {name} does not begin as word2vec's binary format does.")
    count, dimensions = header
    words: list[str] = []
    rows: list[np.ndarray] = []
    for number in range(count if most is None else min(count, most)):
        word = _binary_word(file)
        values = file.read(4 * dimensions)
        if word is None or len(values) != 4 * dimensions:
            raise DataError(
                f"vectors: {name} ends in word {number + 1:,} of {count:,} that it announces."
            )
        words.append(word)
        rows.append(np.frombuffer(values, "<f4"))
    return words, rows


def _binary_word(file: IO[bytes]) -> str | None:
    letters = bytearray()
    while len(letters) < _LONGEST_WORD:
        letter = file.read(1)
        if not letter:
            return None
        if letter == b" ":
            return letters.lstrip(b"\n").decode("utf-8", "replace")
        letters += letter
    return None
