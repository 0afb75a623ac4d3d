"""Tables of how often concepts occur together: diagnoses of patients, diseases in articles."""

from __future__ import annotations

import csv
import gzip
import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.datasets.extras import require


@dataclass
class ConceptCounts:
    """How often pairs of concepts occur together.

    Attributes:
        concepts: their names.
        first: (pairs,) int64, places in `concepts`.
        second: (pairs,) int64, the other concept of each pair, never the same one.
        counts: (pairs,) float64, positive; each pair is there once.
    """

    concepts: list[str]
    first: np.ndarray
    second: np.ndarray
    counts: np.ndarray

    def __len__(self) -> int:
        return len(self.counts)

    def matrix(self) -> Any:
        """The symmetric (concepts, concepts) SciPy sparse matrix."""
        sparse = require("scipy.sparse", "vectors", "A sparse matrix")
        rows = np.concatenate([self.first, self.second])
        columns = np.concatenate([self.second, self.first])
        counts = np.concatenate([self.counts, self.counts])
        return sparse.csr_array((counts, (rows, columns)), (len(self.concepts),) * 2)

    def select(self, chosen: np.ndarray) -> ConceptCounts:
        """Some of the pairs, of the same concepts."""
        return ConceptCounts(
            self.concepts, self.first[chosen], self.second[chosen], self.counts[chosen]
        )

    @classmethod
    def of_pairs(cls, pairs: Sequence[tuple[str, str, float]]) -> ConceptCounts:
        """Counts from pairs and their numbers; pairs that repeat, in either order, add up.

        Raises:
            DataError: for a count that is negative or no number, and when no pair is left.

        Example:
            >>> ConceptCounts.of_pairs([("flu", "fever", 2), ("fever", "flu", 1)]).counts.tolist()
            [3.0]
        """
        places: dict[str, int] = {}
        sums: dict[tuple[int, int], float] = {}
        for one, other, count in pairs:
            if not 0 <= count < math.inf:
                raise DataError(
                    f"concepts: expected counts of at least 0, got {count:g} for {one!r} with "
                    f"{other!r}."
                )
            if one == other or not count:
                continue
            place, beside = (places.setdefault(name, len(places)) for name in (one, other))
            key = min(place, beside), max(place, beside)
            sums[key] = sums.get(key, 0.0) + count
        if not sums:
            raise DataError("concepts: expected pairs that occur together, got none.")
        ends = np.array(list(sums), np.int64)
        counts = np.array(list(sums.values()))
        return cls(list(places), ends[:, 0], ends[:, 1], counts)


def read_concept_table(
    path: Path | str,
    first: str | int = 0,
    second: str | int = 1,
    count: str | int = 2,
) -> ConceptCounts:
    r"""Read a table with a pair of concepts and a count in each line.

    Args:
        path: a file with a line of names of columns; with tabs, or commas if it ends in `.csv`;
            compressed by gzip if it ends in `.gz`.
        first: the column of one concept, by its name or its place from 0.
        second: the column of the other concept.
        count: the column of how often both occur together.

    Raises:
        DataError: for a file that is missing or damaged, columns that are missing, counts that
            are negative or no numbers, by line.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "pairs.tsv"
        >>> _ = path.write_text("a\tb\tn\nflu\tfever\t20\n")
        >>> read_concept_table(path, "a", "b", "n").concepts
        ['flu', 'fever']
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"concepts: {path} is no file.")
    opener: Any = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
            return ConceptCounts.of_pairs(list(_pairs(file, path, (first, second, count))))
    except UnicodeDecodeError as error:
        raise DataError(f"concepts: {path} is not in UTF-8: {error.reason}.") from error
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        raise DataError(f"concepts: {path} cannot be read: {error}.") from error


def _pairs(
    file: IO[str], path: Path, columns: tuple[str | int, ...]
) -> Iterator[tuple[str, str, float]]:
    comma = path.name.lower().removesuffix(".gz").endswith(".csv")
    reader = csv.reader(file, delimiter="," if comma else "\t")
    names = next(reader, [])
    places = [_column(names, column, path) for column in columns]
    for cells in reader:
        if not cells:
            continue
        line = f"concepts: {path}, line {reader.line_num}"
        if len(cells) != len(names):
            raise DataError(f"{line}: expected {len(names)} columns, got {len(cells)}.")
        one, other, text = (cells[place].strip() for place in places)
        if not one or not other:
            raise DataError(f"{line}: expected two concepts, got {one!r} and {other!r}.")
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not 0 <= number < math.inf:
            raise DataError(f"{line}: expected a count of at least 0, got {text!r}.")
        yield one, other, number


def _column(names: list[str], column: str | int, path: Path) -> int:
    if isinstance(column, int):
        if not 0 <= column < len(names):
            raise DataError(
                f"concepts: {path}: expected at least {column + 1} columns, got {len(names)}."
            )
        return column
    if column not in names:
        raise DataError(
            f"concepts: {path}: expected a column {column!r}, got {', '.join(map(repr, names))}."
        )
    return names.index(column)
