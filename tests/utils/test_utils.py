"""`leftfold.utils`, `.backend` and `.config`: the names that Keras code imports."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold import backend, config, utils
from leftfold.engine import naming, workspace


@pytest.mark.parametrize("module", [utils, backend, config])
def test_every_name_resolves(module: object) -> None:
    for name in module.__all__:  # type: ignore[attr-defined]
        assert getattr(module, name) is not None
    assert set(module.__all__) <= set(dir(module))  # type: ignore[attr-defined]


def test_unknown_names_do_not_resolve() -> None:
    with pytest.raises(AttributeError, match="no attribute 'plot_modle'"):
        _ = utils.plot_modle


def test_a_seed_needs_none_of_the_larger_rooms() -> None:
    program = (
        "import sys, leftfold; leftfold.utils.set_random_seed(1); "
        "print([m for m in sys.modules if m.startswith(('leftfold.models', 'leftfold.layers'))])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr


def test_clear_session_starts_names_afresh_and_frees_idle_memory() -> None:
    naming.auto_name("dense")
    assert naming.auto_name("dense") == "dense_1"
    array = workspace.empty((1 << 20,))
    del array
    utils.clear_session()
    assert naming.auto_name("dense") == "dense"
    assert workspace._held["bytes"] == 0


def test_settings_are_those_of_the_engine() -> None:
    config.set_floatx("float64")
    assert backend.floatx() == "float64"
    backend.set_epsilon(1e-5)
    assert config.epsilon() == 1e-5
    config.set_threads(1)
    assert config.threads() == 1
    assert (config.backend(), config.image_data_format()) == ("leftfold", "channels_last")


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20), st.booleans())
def test_one_hot_rows_point_at_their_classes(classes: list[int], column: bool) -> None:
    given_classes = np.array(classes)[:, None] if column else classes
    rows = utils.to_categorical(given_classes)
    assert rows.shape == (len(classes), max(classes) + 1)
    assert rows.argmax(-1).tolist() == classes
    assert rows.sum() == len(classes)


def test_one_hot_keeps_other_axes() -> None:
    assert utils.to_categorical([[0, 1, 2], [2, 1, 0]], 4).shape == (2, 3, 4)
    assert utils.to_categorical(1.0, 3).tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("classes", "count", "message"),
    [
        ([0, 3], 3, "from 0 to 2, got 3"),
        ([-1, 0], 3, "from 0 to 2, got -1"),
        ([0.5], None, r"integers, got 0\.5"),
        ([], None, "num_classes for an empty array"),
    ],
)
def test_numbers_that_are_no_classes_are_named(
    classes: list[float], count: int | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        utils.to_categorical(classes, count)


def test_normalize_divides_by_the_norm_of_each_vector() -> None:
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    np.testing.assert_allclose(utils.normalize(x), [[0.6, 0.8], [0, 0]])
    np.testing.assert_allclose(utils.normalize(x, axis=0), [[1, 1], [0, 0]])
    np.testing.assert_allclose(utils.normalize(x, order=1), [[3 / 7, 4 / 7], [0, 0]])
