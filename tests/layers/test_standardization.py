"""`Normalization` and the scales that it learns."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold import Input, Sequential
from leftfold import layers as L

SERIES = np.random.default_rng(3).normal(5.0, [1.0, 10.0, 0.0], (7, 6, 3))


def test_what_adapt_saw_has_mean_0_and_variance_1_afterwards() -> None:
    layer = L.Normalization()
    layer.adapt(SERIES)
    outputs = np.asarray(layer(SERIES))
    np.testing.assert_allclose(outputs.mean(axis=(0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(outputs.var(axis=(0, 1)), [1, 1, 0], atol=1e-5)


@pytest.mark.parametrize(
    "batches",
    [
        [SERIES[:2], SERIES[2:3], SERIES[3:]],
        [(SERIES[:4], np.zeros(4)), (SERIES[4:], np.zeros(3))],
    ],
)
def test_batches_teach_what_the_whole_teaches(batches: list[object]) -> None:
    whole, parts = L.Normalization(), L.Normalization()
    whole.adapt(SERIES)
    parts.adapt(iter(batches))
    for ours, theirs in zip(parts.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_large_numbers_lose_no_digits() -> None:
    layer = L.Normalization(axis=None)
    layer.adapt(np.array([1e9 - 1, 1e9 + 1]))
    assert np.asarray(layer.variance).item() == pytest.approx(1.0)


def test_adapting_again_forgets_what_was_learnt() -> None:
    layer = L.Normalization(axis=None)
    layer.adapt(SERIES)
    layer.adapt(np.array([[[0.0], [4.0]]]))
    assert float(np.asarray(layer.mean).ravel()[0]) == 2.0


def test_a_second_layer_goes_back() -> None:
    there, back = L.Normalization(), L.Normalization(invert=True)
    there.adapt(SERIES)
    back.adapt(SERIES)
    np.testing.assert_allclose(back(there(SERIES)), SERIES, rtol=1e-5, atol=1e-4)


def test_weights_travel_with_a_model() -> None:
    layer = L.Normalization()
    layer.adapt(SERIES)
    model = Sequential([Input((6, 3)), layer, L.Flatten(), L.Dense(1)])
    other = Sequential([Input((6, 3)), L.Normalization(), L.Flatten(), L.Dense(1)])
    other.set_weights(model.get_weights())
    np.testing.assert_array_equal(other(SERIES), model(SERIES))
    assert len(model.trainable_variables) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mean": 1.0}, "mean and variance together"),
        ({"mean": [1.0], "variance": [1.0, 2.0]}, "of one shape"),
        ({"mean": [[1.0]], "variance": [[1.0]]}, "at most one axis"),
    ],
)
def test_arguments_that_cannot_be_meant_are_named(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        L.Normalization(**arguments)


def test_data_that_teaches_nothing_is_refused() -> None:
    layer = L.Normalization()
    with pytest.raises(ValueError, match="expected data, got none"):
        layer.adapt([])
    with pytest.raises(ValueError, match="finite numbers"):
        layer.adapt(np.array([[1.0], [np.nan]]))
    with pytest.raises(TypeError, match=r"numpy\.array"):
        layer.adapt([[1.0], [2.0]])
    layer.adapt(SERIES)
    with pytest.raises(ValueError, match=r"sizes \[1, 1, 3\]"):
        layer.adapt(SERIES[..., :2])
    with pytest.raises(ValueError, match="cannot adapt"):
        L.Normalization(mean=0.0, variance=1.0).adapt(SERIES)
