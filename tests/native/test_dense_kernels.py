"""Native products, embeddings, cross-entropy, optimisers and random numbers: the reference's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.engine import reference
from tests.native.support import assert_close, assert_same_bits, dimension, examples

SEEDS = st.integers(0, 2**32 - 1)
WORDS = st.integers(0, 2**32 - 1)

# A float32 sum of up to 600 terms, relative to the sum of their magnitudes: each addition rounds
# by half a unit of 1.2e-7, in random directions, so sqrt(600) of them are some 1e-6.
TOLERANCE = 2e-6


def normal(random: np.random.Generator, *shape: int) -> np.ndarray:
    return random.normal(size=shape).astype(np.float32)


@examples(150)
@given(
    rows=st.one_of(st.just(0), dimension(300)),
    inner=st.one_of(st.just(0), dimension(600)),
    columns=st.one_of(st.just(0), dimension(300)),
    transpose_a=st.booleans(),
    transpose_b=st.booleans(),
    with_bias=st.booleans(),
    seed=SEEDS,
)
def test_gemm(native, rows, inner, columns, transpose_a, transpose_b, with_bias, seed):
    random = np.random.default_rng(seed)
    a = normal(random, *((inner, rows) if transpose_a else (rows, inner)))
    b = normal(random, *((columns, inner) if transpose_b else (inner, columns)))
    bias = normal(random, columns) if with_bias else None
    exact = [None if array is None else array.astype(np.float64) for array in (a, b, bias)]
    expected = reference.gemm(*exact[:2], transpose_a, transpose_b, exact[2])
    actual = native.gemm(a, b, transpose_a, transpose_b, bias)
    magnitudes = reference.gemm(np.abs(exact[0]), np.abs(exact[1]), transpose_a, transpose_b, None)
    assert_close(actual, expected, TOLERANCE, "gemm", least=magnitudes.max(initial=1))


@examples(60)
@given(
    sizes=st.tuples(st.integers(0, 9), *[st.one_of(st.just(0), dimension(70))] * 3),
    transpose_a=st.booleans(),
    transpose_b=st.booleans(),
    seed=SEEDS,
)
def test_batched_gemm(native, sizes, transpose_a, transpose_b, seed):
    random = np.random.default_rng(seed)
    count, rows, inner, columns = sizes
    a = normal(random, count, *((inner, rows) if transpose_a else (rows, inner)))
    b = normal(random, count, *((columns, inner) if transpose_b else (inner, columns)))
    actual = native.batched_gemm(a, b, transpose_a, transpose_b)
    assert actual.shape == (count, rows, columns)
    for mine, x, y in zip(actual, a, b, strict=True):
        assert_same_bits(mine, native.gemm(x, y, transpose_a, transpose_b, None), "product")
    exact = reference.batched_gemm(a.astype("d"), b.astype("d"), transpose_a, transpose_b)
    assert_close(actual, exact, TOLERANCE, "products", least=max(1, inner))


@examples(80)
@given(
    sizes=st.tuples(*[st.one_of(st.just(0), dimension(300))] * 3),
    wants=st.tuples(*[st.booleans()] * 3),
    seed=SEEDS,
)
def test_dense_backward(native, sizes, wants, seed):
    random = np.random.default_rng(seed)
    rows, features, units = sizes
    x, kernel, dy = (
        normal(random, *shape) for shape in ((rows, features), (features, units), (rows, units))
    )
    expected = reference.dense_backward(*(a.astype("d") for a in (x, kernel, dy)), *wants)
    for mine, exact in zip(native.dense_backward(x, kernel, dy, *wants), expected, strict=True):
        assert (mine is None) is (exact is None)
        if exact is not None:
            assert_close(mine, exact, TOLERANCE, "gradient", least=max(1, rows, units))


@examples(60)
@given(vocabulary=dimension(300), features=dimension(130), tokens=st.integers(0, 500), seed=SEEDS)
def test_embeddings(native, vocabulary, features, tokens, seed):
    random = np.random.default_rng(seed)
    table, total = normal(random, vocabulary, features), normal(random, vocabulary, features)
    ids = random.integers(0, vocabulary, tokens).astype(np.int32)
    rows = native.embedding_forward(table, ids)
    assert_same_bits(rows, table[ids], "rows")
    expected = total.copy()
    reference.embedding_backward(expected, ids, rows)
    native.embedding_backward(total, ids, rows)
    assert_same_bits(total, expected, "total")
    words, places = np.full(vocabulary, -1, np.int32), np.full(tokens, -1, np.int32)
    expected_words, expected_places = words.copy(), places.copy()
    count = native.distinct_ids(ids, words, places)
    assert count == reference.distinct_ids(ids, expected_words, expected_places)
    assert_same_bits(words, expected_words, "words")
    assert_same_bits(places, expected_places, "places")


@examples(60)
@given(
    rows=st.integers(0, 60),
    classes=dimension(300),
    scale=st.sampled_from([0.1, 10.0, 1e4, 1e30]),
    offset=st.sampled_from([0.0, 3e4, -1e6]),
    smoothing=st.sampled_from([0.0, 0.1, 1.0]),
    seed=SEEDS,
)
def test_softmax_crossentropy(native, rows, classes, scale, offset, smoothing, seed):
    random = np.random.default_rng(seed)
    # However far the logits are from zero, losses depend on their differences alone.
    logits = normal(random, rows, classes) * np.float32(scale) + np.float32(offset)
    labels = random.integers(0, classes, rows).astype(np.int32)
    actual = native.softmax_crossentropy(logits, labels, smoothing)
    expected = reference.softmax_crossentropy(logits.astype(np.float64), labels, smoothing)
    largest = np.abs(logits).max(initial=1)
    for name, mine, exact in zip(("losses", "surprises", "hits"), actual, expected, strict=False):
        least = largest if name == "losses" and smoothing else 1
        assert_close(mine, exact, TOLERANCE, name, least=least)
    probabilities = actual[-1]
    assert_close(probabilities, expected[-1], TOLERANCE, "probabilities")
    d_losses = normal(random, rows)
    actual = native.softmax_crossentropy_gradient(probabilities, labels, d_losses, smoothing)
    expected = reference.softmax_crossentropy_gradient(
        probabilities.astype(np.float64), labels, d_losses.astype(np.float64), smoothing
    )
    assert_close(actual, expected, TOLERANCE, "gradient")
    assert_same_bits(native.softmax(logits), probabilities, "softmax")
    slopes = normal(random, rows, classes)
    actual = native.softmax_gradient(probabilities, slopes)
    exact = probabilities.astype(np.float64), slopes.astype(np.float64)
    assert_close(actual, reference.softmax_gradient(*exact), TOLERANCE, "gradient of softmax")


@examples(60)
@given(count=st.integers(0, 300), beyond=st.floats(0, 0.2), seed=SEEDS)
def test_binary_crossentropy(native, count, beyond, seed):
    random = np.random.default_rng(seed)
    targets = random.choice([0, 1, 0.3], count).astype(np.float32)
    # Some outputs are beyond the bounds, but none so near to them that rounding decides it.
    outputs = random.uniform(-beyond, 1 + beyond, count).astype(np.float32)
    low, high = 0.01, 0.99
    outputs[np.abs(outputs - low) < 1e-4] = 0.5
    outputs[np.abs(outputs - high) < 1e-4] = 0.5
    actual = native.binary_crossentropy(targets, outputs, low, high)
    exact = targets.astype(np.float64), outputs.astype(np.float64)
    expected = reference.binary_crossentropy(*exact, low, high)
    for name, mine, right in zip(("losses", "slopes"), actual, expected, strict=True):
        assert_close(mine, right, TOLERANCE, name)


@examples(60)
@given(rows=st.integers(0, 60), classes=dimension(300), bounded=st.booleans(), seed=SEEDS)
def test_sparse_crossentropy(native, rows, classes, bounded, seed):
    random = np.random.default_rng(seed)
    outputs = random.uniform(0.1, 2, (rows, classes)).astype(np.float32)
    labels = random.integers(0, classes, rows).astype(np.int32)
    shares = (outputs / outputs.sum(axis=1, keepdims=True))[np.arange(rows), labels]
    middle = min(float(np.median(shares)) * 1.0001, 0.9) if rows else 0.5
    low, high = (middle, min(2 * middle, 0.95)) if bounded else (1e-7, 1 - 1e-7)
    actual = native.sparse_crossentropy(outputs, labels, low, high)
    expected = reference.sparse_crossentropy(outputs.astype(np.float64), labels, low, high)
    for name, mine, right in zip(("losses", "slopes", "own_slopes"), actual, expected, strict=True):
        assert_close(mine, right, TOLERANCE, name)
    given_back = normal(random, rows), *actual[1:]
    actual = native.sparse_crossentropy_gradient(labels, *given_back, classes)
    exact = [array.astype(np.float64) for array in given_back]
    expected = reference.sparse_crossentropy_gradient(labels, *exact, classes)
    assert_close(actual, expected, TOLERANCE, "gradient")


def test_not_a_number_stays_one(native):
    bad = np.array([np.nan], np.float32)
    losses, slopes = native.binary_crossentropy(np.ones(1, np.float32), bad, 0.1, 0.9)
    assert np.isnan([*losses, *slopes]).all()
    row = np.array([[np.nan, 1]], np.float32)
    for values in native.sparse_crossentropy(row, np.ones(1, np.int32), 0.1, 0.9):
        assert np.isnan(values).all()


def test_sparse_crossentropy_expects_a_number_of_classes(native):
    nothing = np.zeros(0, np.float32)
    with pytest.raises(ValueError, match="classes to be at least 0, got -1"):
        native.sparse_crossentropy_gradient(np.zeros(0, np.int32), *[nothing] * 3, -1)


@examples(60)
@given(
    rows=st.integers(0, 20),
    classes=dimension(300),
    share=st.floats(0, 1),
    scale=st.sampled_from([0.1, 10.0, 1e4]),
    seed=SEEDS,
)
def test_likeliest(native, rows, classes, share, scale, seed):
    random = np.random.default_rng(seed)
    first = int(share * (classes - 1))
    count = int(random.integers(1, classes - first + 1))
    logits = (normal(random, rows, classes) * np.float32(scale)).round(2)  # some are equal
    chosen, logs = np.empty((rows, count), np.int32), np.empty((rows, count), np.float32)
    native.likeliest(logits, first, chosen, logs)
    words, exact = np.empty_like(chosen), np.empty((rows, count))
    reference.likeliest(logits.astype(np.float64), first, words, exact)
    np.testing.assert_array_equal(chosen, words)
    assert_close(logs, exact, TOLERANCE, "log probabilities", least=np.abs(logits).max(initial=1))


@pytest.mark.parametrize(("first", "count"), [(-1, 1), (0, 0), (0, 4), (2, 2), (3, 1)])
def test_likeliest_refuses_choices_that_there_are_not(native, first, count):
    chosen, logs = np.empty((2, count), np.int32), np.empty((2, count), np.float32)
    with pytest.raises(ValueError, match="likeliest expected from 1 to"):
        native.likeliest(np.ones((2, 3), np.float32), first, chosen, logs)


RATES = st.floats(1e-6, 1.0)
BETAS = st.floats(0.5, 0.999)
EPSILONS = st.sampled_from([1e-7, 1e-3])

# Each optimiser's arrays after the values and gradients (with those it may go without in
# brackets), and its settings.
OPTIMIZERS: dict[str, tuple[list[str], st.SearchStrategy[Any]]] = {
    "sgd_update": (["[momentum]"], st.tuples(RATES, BETAS, st.booleans())),
    "rmsprop_update": (
        ["square", "[momentum]", "[mean]"],
        st.tuples(RATES, BETAS, BETAS, EPSILONS),
    ),
    "adam_update": (
        ["mean", "square"],
        st.tuples(RATES, BETAS, BETAS, EPSILONS, st.sampled_from([0.0, 1e-3])),
    ),
    "adagrad_update": (["square"], st.tuples(RATES, EPSILONS)),
    "nadam_update": (
        ["mean", "square"],
        st.tuples(RATES, *[BETAS] * 4, BETAS, BETAS, BETAS, EPSILONS),
    ),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@examples(40)
@given(data=st.data(), count=st.one_of(st.just(0), dimension(3000)), seed=SEEDS)
def test_optimizers(native, name, data, count, seed):
    kinds, settings = OPTIMIZERS[name]
    random = np.random.default_rng(seed)
    arrays: list[np.ndarray | None] = [normal(random, count), normal(random, count)]
    for kind in kinds:
        if kind.startswith("[") and data.draw(st.booleans()):
            arrays.append(None)
        elif kind == "square":
            # A running mean of squares is at least the square of the running mean.
            arrays.append(np.square(normal(random, count)) + np.float32(1.5))
        else:
            arrays.append(np.clip(normal(random, count), -1, 1))
    numbers = data.draw(settings)
    exact = [None if array is None else array.astype(np.float64) for array in arrays]
    before = np.abs(arrays[0]).max(initial=1)
    getattr(reference, name)(*exact, *numbers)
    getattr(native, name)(*arrays, *numbers)
    for place, (actual, expected) in enumerate(zip(arrays, exact, strict=True)):
        if actual is not None:
            assert_close(actual, expected, 2e-6, f"array {place}", least=before)


@examples(40)
@given(count=st.one_of(st.just(0), dimension(50_000)), factor=st.floats(-2, 2), seed=SEEDS)
def test_norm_and_scale(native, count, factor, seed):
    values = normal(np.random.default_rng(seed), count)
    exact = float(np.square(values, dtype=np.float64).sum())
    assert native.squared_norm(values) == pytest.approx(exact, rel=TOLERANCE)
    expected = values * np.float32(factor)
    # Below the normal range the factor, and products, may count as zero.
    flushed = 2.0**-126 * max(1.0, float(np.abs(values).max(initial=0)))
    native.scale(values, factor)
    np.testing.assert_allclose(values, expected, rtol=0, atol=flushed)


@examples(60)
@given(key0=WORDS, key1=WORDS, count=st.integers(0, 5000), rate=st.floats(0, 1, exclude_max=True))
def test_random_numbers_are_those_of_the_reference_bit_for_bit(native, key0, key1, count, rate):
    assert_same_bits(
        native.uniform(key0, key1, count), reference.uniform(key0, key1, count), "uniform"
    )
    assert_same_bits(
        native.dropout_mask(key0, key1, count, rate),
        reference.dropout_mask(key0, key1, count, rate),
        "dropout_mask",
    )
    x = normal(np.random.default_rng(key0), count)
    actual = native.dropout(key0, key1, x, rate)
    expected = reference.dropout(key0, key1, x, rate)
    for a, e, name in zip(actual, expected, ("y", "mask"), strict=True):
        assert_same_bits(a, e, name)
    assert_same_bits(native.dropout_gradient(x, actual[1]), x * expected[1], "dx")


def test_random_numbers_are_those_of_philox(native):
    """The first block of the algorithm's published test vector for key and counter zero."""
    words = [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    expected = [(word >> 8) * 2.0**-24 for word in words]
    np.testing.assert_array_equal(native.uniform(0, 0, 4), np.float32(expected))
