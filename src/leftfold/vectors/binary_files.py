"""word2vec's binary format: a line of sizes, then each token, a space and its float32 numbers.

Source: https://code.google.com/archive/p/word2vec. The original program ends each vector with a
line feed, other programs do not; both are read.
"""

from __future__ import annotations

from typing import IO

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.vectors.faults import Faults
from leftfold.vectors.rows import MOST_DIMENSIONS, Rows
from leftfold.vectors.text_files import header_of

_BLOCK = 4 << 20
_LONGEST_TOKEN = 4_000


def read_binary(
    file: IO[bytes], name: str, most: int | None, faults: Faults
) -> tuple[list[str], np.ndarray]:
    """Read tokens and vectors; arguments and result are those of `read_text`."""
    header = header_of(file.readline(100))
    if header is None or not 1 <= header[1] <= MOST_DIMENSIONS or not header[0]:
        raise DataError(
            f"{name} does not begin as word2vec's binary format does, with the number of vectors "
            f"and of dimensions (1 to {MOST_DIMENSIONS:,})."
        )
    announced, dimensions = header
    rows = Rows(name, faults, "vector")
    rows.expect(dimensions, "line 1")
    wanted = announced if most is None else min(announced, most)
    count, rest = 0, b""
    while count < wanted:
        block = file.read(_BLOCK)
        tokens, vectors, rest = _split(rest + block, 4 * dimensions, wanted - count)
        if tokens:
            values = np.frombuffer(b"".join(vectors), "<f4").astype(np.float32, copy=False)
            numbers = range(count + 1, count + 1 + len(tokens))
            rows.add(tokens, values.reshape(-1, dimensions), numbers)
        count += len(tokens)
        no_token = b" " not in rest[: _LONGEST_TOKEN + 1] and len(rest) > _LONGEST_TOKEN
        if count < wanted and not block and not rest.strip():
            raise DataError(
                f"{name}: line 1 announces {announced:,} vectors, the file has {count:,}."
            )
        if count < wanted and (not block or no_token):
            raise DataError(f"{name} ends in vector {count + 1:,} of {announced:,}.")
    if most is None and (rest.strip() or file.read(100).strip()):
        faults.report(f"{name} has more than the {announced:,} vectors that line 1 announces.")
    return rows.finish()


def _split(data: bytes, size: int, most: int) -> tuple[list[bytes], list[bytes], bytes]:
    """Tokens and vectors that are complete, and what is left over."""
    tokens: list[bytes] = []
    vectors: list[bytes] = []
    at = 0
    while len(tokens) < most:
        space = data.find(b" ", at, at + _LONGEST_TOKEN + 1)
        if space < 0 or space + 1 + size > len(data):
            break
        tokens.append(data[at:space].lstrip(b"\n"))
        vectors.append(data[space + 1 : space + 1 + size])
        at = space + 1 + size
    return tokens, vectors, data[at:]
