"""Layers that disturb what passes through them while training."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold import layers as L
from leftfold import ops

ONES = np.ones((400, 50), "float32")


def test_gaussian_dropout_keeps_the_mean_and_has_the_variance_of_dropout() -> None:
    outputs = np.asarray(L.GaussianDropout(0.2, seed=1)(ONES, training=True))
    assert outputs.mean() == pytest.approx(1.0, abs=0.01)
    assert outputs.var() == pytest.approx(0.25, rel=0.05)


def test_alpha_dropout_keeps_mean_and_variance_of_standard_numbers() -> None:
    x = np.random.default_rng(1).standard_normal((400, 50)).astype("float32")
    outputs = np.asarray(L.AlphaDropout(0.3, seed=1)(x, training=True))
    assert outputs.mean() == pytest.approx(x.mean(), abs=0.02)
    assert outputs.var() == pytest.approx(x.var(), rel=0.05)


def test_alpha_dropout_sends_the_dropped_to_one_value_as_far_as_the_noise_shape_says() -> None:
    outputs = np.asarray(L.AlphaDropout(0.5, (None, 1), seed=1)(ONES, training=True))
    assert len(np.unique(outputs)) == 2
    assert (outputs == outputs[:, :1]).all()
    assert 0.4 < (outputs[:, 0] < 0).mean() < 0.6


@pytest.mark.parametrize("layer", [L.GaussianDropout, L.AlphaDropout])
def test_noise_is_repeatable_by_its_seed_and_new_at_every_call(layer: type[L.Layer]) -> None:
    first, second = layer(0.5, seed=3), layer(0.5, seed=3)
    drawn = [np.asarray(each(ONES, training=True)) for each in (first, first, second)]
    assert (drawn[0] == drawn[2]).all()
    assert (drawn[0] != drawn[1]).any()
    assert (np.asarray(first(ONES)) == 1).all()


@pytest.mark.parametrize("layer", [L.GaussianDropout, L.AlphaDropout])
@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, "half"])
def test_a_rate_that_cannot_be_meant_is_named(layer: type[L.Layer], rate: object) -> None:
    with pytest.raises(ValueError, match="expected rate to be"):
        layer(rate)


def test_channels_drop_out_of_whole_pictures() -> None:
    x = np.ones((20, 4, 3, 5), "float32")
    outputs = np.asarray(L.SpatialDropout2D(0.5, seed=1)(x, training=True))
    assert (outputs == outputs[:, :1, :1]).all() and len(np.unique(outputs)) == 2
    first = L.SpatialDropout2D(0.5, "channels_first", seed=1)
    outputs = np.asarray(first(ops.transpose(x, (0, 3, 1, 2)), training=True))
    assert (outputs == outputs[:, :, :1, :1]).all() and len(np.unique(outputs)) == 2


def test_activity_regularization_costs_what_it_says() -> None:
    layer = L.ActivityRegularization(0.5, 0.25)
    layer(np.array([[1.0, -2.0]], "float32"))
    assert float(layer.losses[0]) == pytest.approx(0.5 * 3 + 0.25 * 5)
