"""Vectors as text: a token and its numbers on each line, behind a line of sizes or without.

GloVe's format has no first line (https://nlp.stanford.edu/projects/glove); word2vec's and
fastText's text formats begin with the number of tokens and of dimensions.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.engine.kernels import kernel
from leftfold.engine.reference import parse_numbers
from leftfold.vectors.faults import Faults
from leftfold.vectors.rows import MOST_DIMENSIONS, Rows

_BLOCK = 4 << 20
_MOST_BLANK = 100_000
_GZIP = b"\x1f\x8b"
_LONGEST_LINE = 32 * MOST_DIMENSIONS


def header_of(line: bytes) -> tuple[int, int] | None:
    """Tokens and dimensions where a line holds just those."""
    parts = line.split()
    if len(parts) != 2 or not all(part.isdigit() and len(part) < 19 for part in parts):
        return None
    return int(parts[0]), int(parts[1])


def read_text(
    file: IO[bytes], name: str, most: int | None, faults: Faults
) -> tuple[list[str], np.ndarray]:
    """Read tokens and vectors.

    Args:
        file: open for reading.
        name: of the file, for messages.
        most: read so many only, the first ones.
        faults: told of every line that is not as it should be.

    Returns:
        The tokens, and float32 `(tokens, dimensions)`.
    """
    rows = Rows(name, faults, "line")
    header: tuple[int, int] | None = None
    for number, lines in _blocks(file, name):
        if number == 1:
            lines[0] = _first(lines[0], name)
        if number == 1 and (header := header_of(lines[0])):
            rows.expect(header[1], "line 1")
            number, lines = 2, lines[1:]
        _add(rows, number, lines, None if most is None else most - len(rows.tokens))
        if most is not None and len(rows.tokens) >= most:
            return rows.finish()
    if header and most is None and header[0] != len(rows.tokens) + faults.count:
        found = len(rows.tokens) + faults.count
        faults.report(f"{name}: line 1 announces {header[0]:,} vectors, the file has {found:,}.")
    return rows.finish()


def _first(line: bytes, name: str) -> bytes:
    """The first line without a mark of UTF-8.

    Raises:
        DataError: where it shows that the file is no text in UTF-8.
    """
    if line.startswith(_GZIP):
        raise DataError(f"{name} is packed by gzip: give it a name that ends in .gz.")
    if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(f"{name} is UTF-16: expected UTF-8.")
    return line.removeprefix(codecs.BOM_UTF8)


def _blocks(file: IO[bytes], name: str) -> Iterator[tuple[int, list[bytes]]]:
    """Lines, many at once, with the number of the first of them."""
    number, rest = 1, b""
    while block := file.read(_BLOCK):
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        if lines.count(b"") > _MOST_BLANK:
            raise DataError(f"{name}, behind line {number}: blank lines without end.")
        if len(rest) > _LONGEST_LINE:
            raise DataError(f"{name}, line {number + len(lines)} is longer than any vector.")
        if lines:
            yield number, lines
            number += len(lines)
    if rest.strip():
        yield number, [rest]


def _add(rows: Rows, first: int, lines: list[bytes], most: int | None) -> None:
    numbers: Any = range(first, first + len(lines))
    stripped = [line.rstrip() for line in lines]
    if not all(stripped):
        kept = [(n, line) for n, line in zip(numbers, stripped, strict=True) if line]
        numbers, stripped = [n for n, _ in kept], [line for _, line in kept]
    if most is not None and len(stripped) > most:
        numbers, stripped = numbers[:most], stripped[:most]
    if not stripped:
        return
    if not rows.dimensions:
        rows.expect(len(stripped[0].split()) - 1, f"line {numbers[0]}")
    parts = [line.partition(b" ") for line in stripped]
    text = b" ".join([rest for _, _, rest in parts])
    regular = all(rest.count(b" ") + 1 == rows.dimensions for _, _, rest in parts)
    values = _parse(text, len(parts) * rows.dimensions) if regular else None
    if values is not None:
        tokens = [token for token, _, _ in parts]
        rows.add(tokens, values.reshape(-1, rows.dimensions), numbers)
    else:
        _add_slowly(rows, numbers, stripped)


def _parse(text: bytes, count: int) -> np.ndarray | None:
    """Numbers as float32; `None` where anything else is among them, or another count."""
    numbers = kernel("parse_numbers")(text, count)
    # The native kernel leaves NaN and numbers with many digits to the reference.
    return parse_numbers(text, count) if numbers is None else numbers


def _add_slowly(rows: Rows, numbers: Any, lines: list[bytes]) -> None:
    """Line by line, for lines among which one is ragged, or has a token with spaces in it."""
    for number, line in zip(numbers, lines, strict=True):
        parts = line.split()
        token, rest = parts[: -rows.dimensions], parts[-rows.dimensions :]
        values = _parse(b" ".join(rest), rows.dimensions)
        too_many = len(token) > 1 and _parse(token[-1], 1) is not None
        if not token or values is None or too_many:
            rows.ragged(number, line)
        else:
            rows.add([b" ".join(token)], values[None], [number])
