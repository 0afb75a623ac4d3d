"""Which format a file of vectors has, and how it is read and written."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.saving import SavingError
from leftfold.saving.archive import replacing
from leftfold.vectors import array_files
from leftfold.vectors.binary_files import read_binary
from leftfold.vectors.faults import Faults
from leftfold.vectors.text_files import read_text

FORMATS = ("word2vec", "word2vec-binary", "glove", "fasttext", "safetensors", "npz")
_ENDINGS = {
    ".bin": "word2vec-binary",
    ".vec": "fasttext",
    ".safetensors": "safetensors",
    ".npz": "npz",
}
_WHITESPACE = frozenset(" \t\n\v\f\r")
_ROWS_AT_ONCE = 4096


def format_of(path: Path | str) -> str:
    """The format that the ending of a name stands for; `"glove"` for `.txt` and others.

    Text with and without a first line of sizes is told apart when it is read; this is the format
    for writing.

    Example:
        >>> format_of("vectors.bin.gz"), format_of("glove.6B.100d.txt")
        ('word2vec-binary', 'glove')
    """
    name = Path(path).name.lower().removesuffix(".gz")
    if "glove" not in name and name.endswith((".w2v", ".word2vec", ".w2v.txt", ".word2vec.txt")):
        return "word2vec"
    return next((kind for ending, kind in _ENDINGS.items() if name.endswith(ending)), "glove")


def read(
    path: Path, format: str | None, most: int | None, mmap: bool, faults: Faults
) -> tuple[list[str], np.ndarray]:
    """Tokens and vectors of a file.

    Args:
        path: the file; one that ends in `.gz` is unpacked while it is read.
        format: one of `FORMATS`; by default what the ending says.
        most: read so many only, the first ones.
        mmap: whether the numbers stay in the file until they are used.
        faults: told of every line of text that is not as it should be.

    Raises:
        DataError: for a file that is missing, damaged or of another format.
    """
    if not path.is_file():
        raise DataError(f"{path} is no file" + (" but a folder." if path.is_dir() else "."))
    kind = _known(format) if format else format_of(path)
    packed = path.suffix.lower() == ".gz"
    if mmap and (packed or kind not in ("safetensors", "npz")):
        raise DataError(f"{path}: only .npz and .safetensors can be mapped into memory.")
    try:
        if kind in ("safetensors", "npz"):
            if packed:
                raise DataError(f"{path}: {kind} is not read through gzip.")
            reader = getattr(array_files, f"read_{kind}")
            tokens, matrix = reader(path, mmap)
            return tokens[:most], matrix[:most]
        opener: Any = gzip.open if packed else open
        with opener(path, "rb") as file:
            buffered = io.BufferedReader(file, 1 << 20) if packed else file
            of_kind = read_binary if kind == "word2vec-binary" else read_text
            return of_kind(buffered, str(path), most, faults)
    except (OSError, EOFError, zlib.error, SavingError) as error:
        raise DataError(f"{path} cannot be read: {error}.".replace("..", ".")) from error


def write(path: Path, tokens: list[str], matrix: np.ndarray, format: str | None) -> None:
    """Write tokens and vectors; the file replaces an older one once it is complete.

    Args:
        path: ends in `.gz` for one that is packed.
        tokens: one for each vector.
        matrix: `(tokens, dimensions)`.
        format: one of `FORMATS`; by default what the ending says.

    Raises:
        DataError: for a format that is not known, or a token that it cannot hold.
        SavingError: when the file cannot be written.
    """
    kind = _known(format) if format else format_of(path)
    packed = path.suffix.lower() == ".gz"
    if kind in ("safetensors", "npz"):
        if packed:
            raise DataError(f"{path}: {kind} is not written through gzip.")
        getattr(array_files, f"write_{kind}")(path, tokens, matrix)
        return
    spaced = next((token for token in tokens if not _WHITESPACE.isdisjoint(token)), None)
    if spaced is not None:
        raise DataError(
            f"{path}: the token {spaced!r:.60} has a space in it, which {kind} cannot hold; "
            "write .npz or .safetensors."
        )
    with replacing(path) as file:
        if packed:
            with gzip.GzipFile("", "wb", 6, file, 0) as inner:
                _write_rows(inner, tokens, matrix, kind)
        else:
            _write_rows(file, tokens, matrix, kind)


def _write_rows(
    file: IO[bytes] | gzip.GzipFile, tokens: list[str], matrix: np.ndarray, kind: str
) -> None:
    if kind != "glove":
        file.write(f"{len(tokens)} {matrix.shape[1]}\n".encode())
    for at in range(0, len(tokens), _ROWS_AT_ONCE):
        rows = np.asarray(matrix[at : at + _ROWS_AT_ONCE], "<f4")
        some = zip(tokens[at : at + _ROWS_AT_ONCE], rows, strict=True)
        if kind == "word2vec-binary":
            file.write(b"".join(t.encode() + b" " + row.tobytes() + b"\n" for t, row in some))
        else:
            # Nine significant digits are enough to get the same float32 back.
            form = " ".join(["%.9g"] * rows.shape[1])
            lines = [
                f"{token} {form % tuple(row)}\n"
                for token, row in zip(tokens[at : at + _ROWS_AT_ONCE], rows.tolist(), strict=True)
            ]
            file.write("".join(lines).encode())


def _known(format: str) -> str:
    if format not in FORMATS:
        raise DataError(f"format expected one of {', '.join(FORMATS)}, got {format!r}.")
    return format
