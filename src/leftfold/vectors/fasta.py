"""Genomes from FASTA files.

Format: a line `>name description`, then lines of letters; Pearson and Lipman, 1988. Letters:
Cornish-Bowden, "Nomenclature for incompletely specified bases in nucleic acid sequences", 1985.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from leftfold.datasets.errors import DataError

BASES = "ACGT"
_UNCERTAIN = "NRYSWKMBDHV"
_ILLEGAL = re.compile(rf"[^{BASES}{_UNCERTAIN}]")
_COMPLEMENT = str.maketrans(BASES + _UNCERTAIN, "TGCA" + "NYRSWMKVHDB")


def reverse_complement(sequence: str) -> str:
    """The other strand, read in its own direction.

    Example:
        >>> reverse_complement("AACG")
        'CGTT'
    """
    return sequence.translate(_COMPLEMENT)[::-1]


def stretches(sequence: str) -> list[str]:
    """The parts of a sequence between letters that leave open which base it is.

    Example:
        >>> stretches("ACGTNNGATRA")
        ['ACGT', 'GAT', 'A']
    """
    return re.findall(f"[{BASES}]+", sequence)


def read_fasta(path: Path | str) -> dict[str, str]:
    r"""Read the sequences of a FASTA file, which may be compressed by gzip.

    Small letters, which mark repeats, are read as capitals, `U` as `T`.

    Args:
        path: the file.

    Returns:
        Sequences of `ACGT` and the letters for uncertain bases, by name.

    Raises:
        DataError: for a file that is missing, damaged or empty, letters that stand for no base,
            names that repeat and names without a sequence, by line.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "tiny.fa"
        >>> _ = path.write_text(">phage 1\nACGT\nnnga\n")
        >>> read_fasta(path)
        {'phage': 'ACGTNNGA'}
    """
    path = Path(path)
    try:
        with _open(path) as file:
            sequences = {name: "".join(parts) for name, parts in _records(file, path)}
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"fasta: {path} cannot be read: {error}.") from error
    if not sequences:
        raise DataError(f"fasta: {path} holds no sequence.")
    return sequences


def _open(path: Path) -> IO[bytes]:
    if not path.is_file():
        raise DataError(f"fasta: {path} is no file.")
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


def _records(file: IO[bytes], path: Path) -> Iterator[tuple[str, list[str]]]:
    name, heading = "", 0
    parts: list[str] = []
    seen: set[str] = set()
    for number, raw in enumerate(file, 1):
        line = raw.decode("latin-1").strip()
        if line.startswith(">"):
            if name:
                yield _sound(name, parts, path, heading)
            name, parts, heading = (line[1:].split() or [""])[0], [], number
            if not name or name in seen:
                what = f"the name {name!r} once more" if name else "none"
                raise DataError(f"fasta: {path}, line {number}: expected a new name, got {what}.")
            seen.add(name)
            continue
        letters = line.upper().replace("U", "T")
        if illegal := _ILLEGAL.search(letters):
            raise DataError(
                f"fasta: {path}, line {number}, column {illegal.start() + 1}: expected letters of "
                f"DNA ({BASES} or {_UNCERTAIN}), got {line[illegal.start()]!r}."
            )
        if letters and not name:
            raise DataError(f"fasta: {path}, line {number}: expected '>' and a name first.")
        parts.append(letters)
    if name:
        yield _sound(name, parts, path, heading)


def _sound(name: str, parts: list[str], path: Path, heading: int) -> tuple[str, list[str]]:
    if not any(parts):
        raise DataError(f"fasta: {path}, line {heading}: {name!r} has no sequence.")
    return name, parts
