"""`EncoderDecoder`: it learns, it saves, it gives the same gradient as finite differences."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import leftfold
from leftfold import models
from leftfold.engine import Tape
from leftfold.models import EncoderDecoder, ScheduledSampling

SOURCE = [[5, 6, 7, 8], [9, 4], [3, 3, 5]]
TARGET = [[8, 7, 6], [4], [5, 3, 3, 9]]

SHAPES: list[dict[str, Any]] = [
    {},
    {"attention": "luong-dot", "tie_embeddings": True},
    {"attention": "luong-concat", "cell": "lstm"},
    {"attention": "bahdanau", "bidirectional": False},
    {"attention": "bahdanau", "input_feeding": True, "cell": "lstm"},
    {"attention": None, "cell": "simple_rnn"},
    {"input_feeding": True, "layers": 2, "cell": ("lstm", "gru"), "decoder_cell": "gru"},
    {"layers": 2, "decoder_cell": ("simple_rnn", "lstm")},
]


def small(dtype: str = "float32", **settings: Any) -> EncoderDecoder:
    leftfold.utils.set_random_seed(3)
    return EncoderDecoder(10, 11, 4, 6, dtype=dtype, **settings)


def padded(rows: list[list[int]]) -> np.ndarray:
    width = max(map(len, rows))
    return np.array([row + [0] * (width - len(row)) for row in rows])


@pytest.mark.parametrize("settings", SHAPES, ids=str)
def test_gradient_is_that_of_finite_differences(settings: dict[str, Any]) -> None:
    model = small("float64", label_smoothing=0.1, **settings)
    source = padded(SOURCE).astype(np.int32)
    read, answer = model.shifted(padded(TARGET))

    def loss() -> Any:
        losses, surprises, _ = model._judge(source, read, answer, True)
        return leftfold.ops.sum(losses) + 0.5 * leftfold.ops.sum(surprises)

    with Tape() as tape:
        total = loss()
    variables = model.trainable_variables
    gradients = tape.gradient(total, variables)
    random = np.random.default_rng(0)
    for variable, gradient in zip(variables, gradients, strict=True):
        assert gradient is not None, variable.path
        for place in random.integers(0, variable.size, 3):
            flat = variable.data.reshape(-1)
            before = flat[place]
            flat[place] = before + 1e-5
            above = float(loss())
            flat[place] = before - 1e-5
            below = float(loss())
            flat[place] = before
            numeric = (above - below) / 2e-5
            assert gradient.reshape(-1)[place] == pytest.approx(numeric, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("settings", SHAPES, ids=str)
def test_saved_and_loaded_it_gives_the_same_logits(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    model = small(**settings, teacher_forcing=ScheduledSampling("linear", 100))
    model.compile("adam")
    model.fit(SOURCE, TARGET, verbose=0)
    model.save(tmp_path / "model.keras")
    again = models.load_model(tmp_path / "model.keras")
    assert type(again) is EncoderDecoder
    assert again.get_config() == model.get_config()
    inputs = padded(SOURCE), model.shifted(padded(TARGET))[0]
    np.testing.assert_array_equal(again(inputs).numpy(), model(inputs).numpy())
    assert int(again.optimizer.iterations) == 1


def test_padding_makes_no_difference() -> None:
    for settings in SHAPES:
        model = small(**settings)
        inputs = padded(SOURCE), model.shifted(padded(TARGET))[0]
        together = model(inputs).numpy()
        for row, (source, target) in enumerate(zip(SOURCE, TARGET, strict=True)):
            alone = model((np.array([source]), np.array([[model.START, *target]]))).numpy()[0]
            np.testing.assert_allclose(together[row, : len(target) + 1], alone, atol=1e-5)


def test_metrics_are_per_word_of_all_batches() -> None:
    model = small()
    model.compile("sgd")
    result = model.evaluate(SOURCE, TARGET, batch_size=2, verbose=0, return_dict=True)
    read, answer = model.shifted(padded(TARGET))
    logits = model((padded(SOURCE), read)).numpy().astype(np.float64)
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    real = answer > 0
    surprises = -np.take_along_axis(logs, answer[..., None], 2)[..., 0][real]
    assert result["loss"] == pytest.approx(surprises.mean(), rel=1e-5)
    assert result["perplexity"] == pytest.approx(np.exp(surprises.mean()), rel=1e-5)
    assert result["accuracy"] == pytest.approx((logits.argmax(-1) == answer)[real].mean())


@pytest.mark.parametrize("attention", ["luong-general", "bahdanau"])
def test_it_learns_to_reverse(attention: str) -> None:
    leftfold.utils.set_random_seed(1)
    random = np.random.default_rng(0)
    source = [random.integers(3, 8, random.integers(2, 5)).tolist() for _ in range(400)]
    target = [row[::-1] for row in source]
    model = EncoderDecoder(8, 8, 16, 32, attention=attention)
    model.compile(leftfold.optimizers.Adam(0.01))
    history = model.fit(source, target, batch_size=32, epochs=8, verbose=0).history
    assert history["accuracy"][-1] > 0.9
    assert history["loss"][-1] < 0.5 * history["loss"][0]


def test_lists_and_arrays_are_the_same_data() -> None:
    histories = []
    for x, y in ((SOURCE, TARGET), (padded(SOURCE), padded(TARGET))):
        model = small(seed=1)
        model.compile("sgd")
        histories.append(model.fit(x, y, batch_size=2, epochs=2, verbose=0).history)
    assert histories[0] == histories[1]


def test_the_vocabulary_is_multiplied_out_only_where_there_are_words() -> None:
    model = small()
    seen = []
    project = model.decoder.project
    model.decoder.project = lambda readouts: seen.append(readouts.shape) or project(readouts)  # type: ignore[method-assign]
    read, answer = model.shifted(padded(TARGET))
    model._judge(padded(SOURCE).astype(np.int32), read, answer, True)
    assert seen == [(sum(len(row) + 1 for row in TARGET), 4)]


def test_validation_is_judged_after_each_pass() -> None:
    model = small(dropout=0.3)
    model.compile("sgd")
    data = SOURCE, TARGET
    history = model.fit(*data, epochs=2, validation_data=data, verbose=0).history
    assert set(history) == {f"{v}{n}" for v, n in itertools.product(
        ("", "val_"), ("loss", "perplexity", "accuracy"))}  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"units": 5}, "expected units to be even if bidirectional, got 5"),
        ({"attention": "luong"}, "expected attention to be None or one of bahdanau"),
        ({"cell": "rnn"}, "expected cell to be one of gru, lstm, simple_rnn"),
        ({"cell": ("gru", "lstm")}, "a list of 1 of them"),
        ({"decoder_cell": 3}, "expected decoder_cell to be one of gru, .* got 3"),
        ({"dropout": 2}, "expected dropout to be from 0 to 1, got 2"),
        ({"teacher_forcing": "half"}, "expected teacher_forcing to be 'full', 'none'"),
        ({"source_size": 2}, "expected source_size above 2"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EncoderDecoder(**{"source_size": 9, "target_size": 9, "units": 4, **settings})


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([[5, 10]], [[3]], "source expected ids from 1 to 9, for a vocabulary of 10, got 10"),
        ([[5, 0, 4]], [[3]], "source expected 0, the padding, only behind rows"),
        ([[5], [6]], [[3]], "as many rows, at least one, got 2 and 1"),
        ([[5], []], [[3], [4]], "at least one id in each row, got none in row 1"),
        ([[5.5]], [[3]], "source expected integers as ids, got float64"),
        ("five", [[3]], "source expected rows of token ids, got str"),
    ],
)
def test_rows_that_cannot_be_read_are_refused(x: Any, y: Any, message: str) -> None:
    model = small()
    model.compile("sgd")
    with pytest.raises(ValueError, match=message):
        model.fit(x, y, verbose=0)
    with pytest.raises(ValueError, match=r"validation_data to be \(x, y\), got 3 parts"):
        model.fit([[5]], [[5]], verbose=0, validation_data=([[5]], [[5]], [1.0]))
    model.compile("sgd", loss="mse")
    with pytest.raises(ValueError, match="has its own loss"):
        model.fit([[5]], [[5]], verbose=0)


def test_training_begins_from_how_often_words_are_written() -> None:
    model = small()
    model.compile(leftfold.optimizers.SGD(0.0))
    model.fit(SOURCE, TARGET, verbose=0)
    counts = np.full(11, 0.1)
    for word in (*itertools.chain(*TARGET), model.END, model.END, model.END):
        counts[word] += 1
    expected = np.log(counts) - np.log(counts).mean()
    np.testing.assert_allclose(model.decoder.output_bias, expected, rtol=1e-5)
    model.fit(SOURCE[:1], TARGET[:1], verbose=0)
    np.testing.assert_allclose(model.decoder.output_bias, expected, rtol=1e-5)
