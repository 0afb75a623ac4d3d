"""GloVe's kernel: against finite differences, against its reference, on any number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leftfold.engine import config, kernels, reference
from leftfold.engine.reference.glove import glove_objective

DIMENSIONS = 11
LOG_X_MAX, ALPHA, RATE = float(np.log(10.0)), 0.75, 0.05


def case(vocabulary: int = 40, blocks: int = 4, width: int = 16, seed: int = 0) -> dict[str, Any]:
    """Random factors and counts in blocks whose rows and columns are dealt like cards."""
    random = np.random.default_rng(seed)
    words, contexts = random.normal(0, 0.3, (2, vocabulary, width))
    words[:, DIMENSIONS + 1] = contexts[:, DIMENSIONS] = 1
    words[:, DIMENSIONS + 2 :] = contexts[:, DIMENSIONS + 2 :] = 0
    hands = vocabulary // blocks
    rows = random.integers(hands, size=(blocks, 50)) * blocks + np.arange(blocks)[:, None]
    columns = random.integers(hands, size=(blocks, 50)) * blocks + np.arange(blocks)[:, None]
    starts = np.arange(blocks) * 50
    floats = {
        "words": words,
        "word_squares": 1 + random.random(words.shape),
        "contexts": contexts,
        "context_squares": 1 + random.random(words.shape),
    }
    return {name: array.astype(np.float32) for name, array in floats.items()} | {
        "rows": rows.ravel().astype(np.int32),
        "columns": columns.ravel().astype(np.int32),
        "log_counts": np.log(random.exponential(10, rows.size) + 0.1).astype(np.float32),
        "starts": starts.astype(np.int64),
        "stops": (starts + 50 - np.arange(blocks)).astype(np.int64),
    }


def run(update: Any, arrays: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    arrays = {name: array.copy() for name, array in arrays.items()}
    loss = update(*arrays.values(), DIMENSIONS, LOG_X_MAX, ALPHA, RATE)
    return loss, arrays


def test_slopes_are_those_of_finite_differences():
    random = np.random.default_rng(1)
    word, context = random.normal(size=(2, DIMENSIONS + 2))
    for log_count in (0.3, LOG_X_MAX + 1):
        _, of_word, of_context = glove_objective(word, context, log_count, LOG_X_MAX, ALPHA)
        for vector, slope in ((word, of_word), (context, of_context)):
            for place in range(len(vector)):
                ends = []
                for step in (1e-6, -1e-6):
                    vector[place] += step
                    ends.append(glove_objective(word, context, log_count, LOG_X_MAX, ALPHA)[0])
                    vector[place] -= step
                assert (ends[0] - ends[1]) / 4e-6 == pytest.approx(slope[place], rel=1e-5)


def test_the_objective_is_that_of_the_paper():
    word, context = np.array([0.5, 2.0, 0.25, 1.0]), np.array([-1.0, 0.5, 1.0, 0.75])
    count, x_max = 4.0, 10.0
    term, *_ = glove_objective(word, context, np.log(count), np.log(x_max), ALPHA)
    error = 0.5 * -1 + 2 * 0.5 + 0.25 + 0.75 - np.log(count)
    assert term == pytest.approx((count / x_max) ** 0.75 * error**2)


@pytest.mark.parametrize("width", [13, 16, 24, 31])
def test_native_and_reference_agree(width):
    if kernels.native() is None:
        pytest.skip("the native extension is not built")
    arrays = case(width=width)
    expected_loss, expected = run(reference.glove_update, arrays)
    loss, found = run(kernels.native().glove_update, arrays)
    assert loss == pytest.approx(expected_loss, rel=1e-5)
    for name in ("words", "word_squares", "contexts", "context_squares"):
        np.testing.assert_allclose(found[name], expected[name], rtol=2e-4, atol=2e-5, err_msg=name)
        assert not np.array_equal(found[name], arrays[name])


def test_constant_places_stay(implementation):
    _, found = run(kernels.kernel("glove_update"), case())
    assert (found["words"][:, DIMENSIONS + 1] == 1).all()
    assert (found["contexts"][:, DIMENSIONS] == 1).all()
    assert (found["words"][:, DIMENSIONS + 2 :] == 0).all()


def test_only_the_words_of_the_counts_change(implementation):
    arrays = case()
    arrays["stops"] = arrays["starts"].copy()
    loss, found = run(kernels.kernel("glove_update"), arrays)
    assert loss == 0
    assert all(np.array_equal(found[name], arrays[name]) for name in arrays)


def test_the_same_bits_on_any_number_of_threads():
    arrays = case(vocabulary=320, blocks=32, width=104)
    results = []
    for threads in (1, 2, 5):
        config.set_threads(threads)
        loss, found = run(kernels.kernel("glove_update"), arrays)
        results.append((loss, found["words"].tobytes(), found["context_squares"].tobytes()))
    assert results[0] == results[1] == results[2]
