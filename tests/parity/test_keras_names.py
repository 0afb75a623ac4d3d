"""The names kept in `tests/golden/keras_names.json` are those of the installed Keras."""

from __future__ import annotations

from pathlib import Path

from tools.keras_names import load
from tools.peers import Worker

SIDE = Path(__file__).parents[2] / "tools" / "keras_names_side.py"


def test_the_names_kept_are_those_of_the_installed_keras() -> None:
    with Worker("keras-jax", SIDE) as keras:
        assert keras.call("listing") == load()
