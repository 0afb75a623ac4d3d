"""`losses.CTC` in a model: it trains, passes over masked steps, and survives a file."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold import Input, Sequential, layers, losses, models, ops, optimizers, utils
from leftfold.tasks.sequence_scores import word_error_rate


def spoken(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three labels from 1 to 3, each for two to four steps, padded; labels and lengths."""
    random = np.random.default_rng(seed)
    labels = random.integers(1, 4, (count, 3))
    x = np.zeros((count, 12, 4), "float32")
    lengths = np.zeros(count, int)
    for row, one in enumerate(labels):
        steps = np.repeat(one, random.integers(2, 5, 3))
        lengths[row] = len(steps)
        x[row, : len(steps)] = np.eye(4)[steps] + random.normal(0, 0.1, (len(steps), 4))
    distinct = (labels[:, 1:] != labels[:, :-1]).all(1)
    return x[distinct], labels[distinct], lengths[distinct]


def network() -> Sequential:
    utils.set_random_seed(3)
    model = Sequential(
        [
            Input((None, 4)),
            layers.Masking(),
            layers.GRU(12, return_sequences=True),
            layers.Dense(4),
        ]
    )
    model.compile(optimizers.Adam(0.03), losses.CTC())
    return model


def test_a_network_learns_labels_without_being_told_when_they_are_spoken():
    model, (x, labels, _) = network(), spoken(160, 0)
    model.fit(x, labels, 16, epochs=15, verbose=0)
    test_x, truth, lengths = spoken(40, 1)
    for strategy in ("greedy", "beam_search"):
        found, _ = ops.ctc_decode(model.predict(test_x, verbose=0), lengths, strategy, 8)
        read = [[label for label in row if label >= 0] for row in found.numpy()[0].tolist()]
        assert word_error_rate(truth.tolist(), read) < 0.1


def test_padding_counts_neither_in_training_nor_in_evaluation(tmp_path):
    model, (x, labels, lengths) = network(), spoken(12, 2)
    expected = ops.ctc_loss(labels, model(x), [3] * len(x), lengths).numpy().mean()
    assert model.evaluate(x, labels, len(x), verbose=0) == pytest.approx(expected, rel=1e-5)
    model.save(tmp_path / "m.keras")
    other = models.load_model(tmp_path / "m.keras")
    assert other.evaluate(x, labels, len(x), verbose=0) == pytest.approx(expected, rel=1e-5)
    wider = np.pad(x, ((0, 0), (0, 5), (0, 0)))
    assert model.evaluate(wider, labels, len(x), verbose=0) == pytest.approx(expected, rel=1e-5)


def test_a_target_that_does_not_fit_stops_training_with_the_row():
    model, (x, _, _) = network(), spoken(4, 3)
    labels = np.tile([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1], (len(x), 1))
    with pytest.raises(ValueError, match="a target of 13 labels needs at least 13 steps"):
        model.fit(x, labels, verbose=0)
