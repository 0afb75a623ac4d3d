"""Loss, margins and networks of a forecaster."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold.tasks.forecasting import metrics
from leftfold.tasks.forecasting.network import (
    Pinball,
    adapted_margins,
    conformal_margins,
    direct_network,
    ensemble,
    pinball,
    recursive_network,
    shrunk,
)

LEVELS = [0.1, 0.5, 0.9]


def test_the_loss_is_that_of_its_formula_and_its_minimum_the_quantile() -> None:
    truth = np.random.default_rng(0).normal(size=(400, 1))
    quantiles = np.quantile(truth, LEVELS)
    loss = Pinball(LEVELS)
    best = float(loss(truth[..., None], np.broadcast_to(quantiles, (400, 1, 3))))
    assert best == pytest.approx(
        pinball(truth, np.broadcast_to(quantiles, (400, 1, 3)), LEVELS), rel=1e-5
    )
    for shift in (-0.1, 0.1):
        assert float(loss(truth[..., None], np.broadcast_to(quantiles + shift, (400, 1, 3)))) > best


def test_conformal_margins_make_intervals_cover() -> None:
    generator = np.random.default_rng(0)
    forecasts = np.broadcast_to([-0.1, 0.0, 0.1], (500, 3))
    margins = conformal_margins(generator.normal(size=500), forecasts, LEVELS)
    fresh = generator.normal(size=5000)
    low, high = -0.1 + margins[0], 0.1 + margins[2]
    assert metrics.coverage(fresh, np.full(5000, low), np.full(5000, high)) == pytest.approx(
        0.8, abs=0.05
    )
    assert margins[1] == 0


def test_margins_narrow_no_intervals_of_a_forecaster_that_was_chosen_by_them() -> None:
    truth = np.random.default_rng(0).normal(size=500)
    for half, wider in ((3.0, False), (0.1, True)):
        forecasts = np.broadcast_to([-half, 0.0, half], (500, 3))
        free = conformal_margins(truth, forecasts, LEVELS)
        bound = conformal_margins(truth, forecasts, LEVELS, narrow=False)
        assert bool(free[2] > 0) is wider
        assert bound.tolist() == (free.tolist() if wider else [0, 0, 0])


def test_adapted_margins_reach_the_coverage_after_a_change() -> None:
    generator = np.random.default_rng(0)
    truth = generator.normal(size=(800, 1)) * 3
    forecasts = np.broadcast_to([-1.28, 0.0, 1.28], (800, 1, 3))
    origins = np.arange(800)
    margins = adapted_margins(truth, forecasts, LEVELS, origins, np.zeros(3))
    low, high = -1.28 + margins[:, 0], 1.28 + margins[:, 2]
    late = slice(200, None)
    assert metrics.coverage(truth[late, 0], low[late], high[late]) == pytest.approx(0.8, abs=0.05)


def test_adapted_margins_use_only_what_is_known_at_an_origin() -> None:
    truth = np.zeros((10, 3))
    forecasts = np.zeros((10, 3, 3))
    origins = np.arange(10)
    before = adapted_margins(truth, forecasts, LEVELS, origins, np.zeros(3))
    truth[4, 2] = 100.0
    after = adapted_margins(truth, forecasts, LEVELS, origins, np.zeros(3))
    np.testing.assert_array_equal(before[:7], after[:7])
    assert after[7, 2] > before[7, 2]


def test_a_share_of_nothing_leaves_the_resting_quantiles() -> None:
    outputs = np.random.default_rng(0).normal(size=(2, 4, 3))
    resting = np.array([-1.0, 0.0, 1.0])
    assert np.all(shrunk(outputs, resting, 0.0) == resting)
    assert np.all(np.diff(shrunk(outputs, resting, 1.0)) >= 0)


def test_an_ensemble_is_the_mean_of_its_members() -> None:
    members = [direct_network("gru", 4, 6, 3, 2, 5, 3) for _ in range(2)]
    for member in members:
        member.set_weights(
            [np.random.default_rng(0).normal(size=w.shape) for w in member.get_weights()]
        )
    given = [np.ones((2, 6, 3), "float32"), np.ones((2, 2, 5), "float32")]
    each = [member.predict(given, verbose=0) for member in members]
    np.testing.assert_allclose(
        ensemble(members).predict(given, verbose=0), np.mean(each, 0), rtol=1e-5
    )


@pytest.mark.parametrize("cell", ["gru", "lstm", "simple_rnn"])
def test_untrained_networks_of_every_cell_answer_with_zeros(cell: str) -> None:
    direct = direct_network(cell, 4, 6, 3, 2, 5, 3)
    given = [np.ones((1, 6, 3), "float32"), np.ones((1, 2, 5), "float32")]
    assert not direct.predict(given, verbose=0).any()
    assert recursive_network(cell, 4, 3, 3).predict(given[0], verbose=0).shape == (1, 6, 3)
