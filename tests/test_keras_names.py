"""`docs/keras.md` tells what is there: the page, Keras's names and the library go together."""

from __future__ import annotations

import pytest

from leftfold.interop import keras_missing
from tools import keras_names


@pytest.fixture(scope="module")
def names() -> list[keras_names.Name]:
    return keras_names.all_names(keras_names.load())


def test_the_page_is_the_one_that_its_script_writes() -> None:
    written = keras_names.PAGE.read_text(encoding="utf-8")
    assert written == keras_names.render(keras_names.load()), "run: python -m tools.keras_names"


def test_every_missing_name_is_told_with_what_is_there_instead(
    names: list[keras_names.Name],
) -> None:
    unexplained = [n.full for n in names if not n.offered and "docs/keras.md" in n.instead]
    assert unexplained == []


def test_nothing_that_is_there_is_called_missing(names: list[keras_names.Name]) -> None:
    there = {name.full for name in names if name.offered}
    assert there & set(keras_missing._INSTEAD) == set()


def test_losses_metrics_and_the_like_are_complete(names: list[keras_names.Name]) -> None:
    counts = keras_names.counts(names)
    for area in ("metrics", "regularizers", "constraints", "activations", "random", "tree"):
        here, there = counts[area]
        assert here == there > 10, area
