"""`leftfold data`: what is there, and building a data set from its archive."""

from __future__ import annotations

import difflib
from pathlib import Path

from leftfold.cli.errors import UserError
from leftfold.datasets import imdb_archive, movie_reviews
from leftfold.datasets.files import DatasetError, data_folder

_BUILDERS = {"imdb": imdb_archive.add}


def add(name: str, source: Path, force: bool) -> None:
    """Build the data set `name` from `source`; one that is there stays, unless by `force`."""
    if name not in _BUILDERS:
        near = difflib.get_close_matches(name.lower(), _BUILDERS, 1, cutoff=0.4)
        advice = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(_BUILDERS)}."
        raise UserError(f"There is no data set {name!r} to add. {advice}")
    present = data_folder() / f"{name}.npz"
    if present.exists() and not force:
        raise UserError(f"{present} is there already; --force builds it again.")
    for path in _BUILDERS[name](source):
        print(path)


def listing() -> str:
    """One line per data set."""
    present = data_folder() / "imdb.npz"
    state = str(present) if present.exists() else "not here; leftfold data add imdb PATH, or online"
    try:
        reviews = str(movie_reviews.located())
    except DatasetError as error:
        reviews = str(error)
    return f"imdb           {state}\nmovie_reviews  {reviews}"
