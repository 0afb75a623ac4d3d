"""Windows go on where the last ended; the pace follows steps, time and the validation loss."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from leftfold.tasks.text.training import Pace
from leftfold.tasks.text.windows import Windows, window_and_rows


def test_each_row_goes_on_where_it_ended() -> None:
    windows = Windows(np.arange(103), 4, 10, seed=None)
    batches = [windows[i] for i in range(len(windows))]
    x = np.concatenate([batch[0] for batch in batches], axis=1)
    y = np.concatenate([batch[1] for batch in batches], axis=1)
    np.testing.assert_array_equal(y, x + 1)
    np.testing.assert_array_equal(np.diff(x, axis=1), 1)
    assert x[1:, 0].tolist() == (x[:-1, -1] + 1).tolist()
    assert x.size == 100


def test_epochs_begin_in_different_places_and_stay_inside() -> None:
    windows = Windows(np.arange(1000), 4, 30, seed=1)
    firsts = set()
    for _ in range(40):
        windows.on_epoch_begin()
        firsts.add(int(windows[0][0][0, 0]))
        assert windows[len(windows) - 1][1].max() <= 999
    assert len(firsts) > 10
    assert max(firsts) <= 30


@pytest.mark.parametrize("tokens", [3, 10, 100, 999, 5000, 10**6])
def test_every_text_gets_windows(tokens: int) -> None:
    window, rows = window_and_rows(tokens, 100, 64)
    windows = Windows(np.arange(tokens), rows, window, seed=0)
    assert len(windows) >= 1
    for _ in range(5):
        windows.on_epoch_begin()
        sizes = [windows[i][0].shape for i in range(len(windows))]
        assert all(size[0] == rows and 0 < size[1] <= window for size in sizes)
        assert max(windows[i][1].max() for i in range(len(windows))) < tokens
    assert rows == 64 or tokens < 10**6


class FakeModel(SimpleNamespace):
    """Weights that tell where they come from."""

    weights_now = 0
    stop_training = False

    def get_weights(self) -> list[int]:
        return [self.weights_now]

    def set_weights(self, weights: list[int]) -> None:
        (self.weights_now,) = weights

    def reset_states(self) -> None:
        self.resets = getattr(self, "resets", 0) + 1


def paced(**settings: Any) -> tuple[Pace, Any]:
    pace = Pace(**{"peak": 1.0, "steps": 1000, "time_limit": None, "patience": 2} | settings)
    model = FakeModel(optimizer=SimpleNamespace(learning_rate=0.0))
    pace.set_model(model)
    return pace, model


def test_the_rate_rises_and_then_falls_over_the_steps() -> None:
    pace, model = paced()
    rates = []
    for step in range(1000):
        pace.on_train_batch_begin(step)
        rates.append(model.optimizer.learning_rate)
        pace.on_train_batch_end(step)
    assert rates[0] == pytest.approx(0.01)
    assert max(rates) > 0.97
    assert np.argmax(rates) == 50  # a twentieth of all, less than a hundred steps
    assert all(np.diff(rates[50:]) <= 0)
    assert rates[-1] == pytest.approx(0.02)
    assert not model.stop_training


def test_the_rate_follows_the_clock_where_time_is_short() -> None:
    now = [0.0]
    pace, model = paced(time_limit=10.0, clock=lambda: now[0])
    pace.taken = 200
    now[0] = 5.0
    assert pace.progress() == 0.5
    assert pace.rate() == pytest.approx(0.5)
    pace.on_train_batch_end(0)
    assert not model.stop_training
    now[0] = 10.0
    pace.on_train_batch_end(1)
    assert model.stop_training
    assert pace.ended_by == "time limit"


def test_without_improvement_the_best_weights_return_and_training_cools_down() -> None:
    pace, model = paced()
    pace.taken = 100
    for epoch, loss in enumerate([3.0, 2.0, 2.5, 2.4]):
        model.weights_now = epoch
        pace.on_epoch_end(epoch, {"val_loss": loss})
    assert model.weights_now == 1
    first = pace.rate()
    assert first == pytest.approx(0.5 * (1 + np.cos(np.pi * 0.1)))
    rates = []
    for step in range(30):
        assert not model.stop_training
        rates.append(pace.rate())
        pace.on_train_batch_end(step)
    assert all(np.diff(rates) < 0)
    assert rates[-1] < 0.1
    assert model.stop_training
    assert pace.ended_by == "patience"
    pace.on_epoch_end(4, {"val_loss": 1.9})
    assert pace.best_epoch == 4


def test_states_begin_again_with_epochs_and_tests() -> None:
    pace, model = paced()
    pace.on_epoch_begin(0)
    pace.on_test_begin()
    assert model.resets == 2
