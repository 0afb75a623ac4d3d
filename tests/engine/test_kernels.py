"""The dense kernels on both implementations, against their definitions, on any shape."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.engine import kernels, reference
from leftfold.engine.kernels import kernel

SIZES = st.integers(1, 40)


@given(rows=SIZES, inner=SIZES, columns=SIZES, flags=st.tuples(*[st.booleans()] * 3))
def test_gemm_is_the_product_of_its_operands(implementation, rows, inner, columns, flags):
    transpose_a, transpose_b, with_bias = flags
    generator = np.random.default_rng(rows * 10_000 + inner * 100 + columns)
    a = generator.standard_normal((inner, rows) if transpose_a else (rows, inner))
    b = generator.standard_normal((columns, inner) if transpose_b else (inner, columns))
    bias = generator.standard_normal(columns) if with_bias else None
    expected = (a.T if transpose_a else a) @ (b.T if transpose_b else b)
    expected = expected + (0 if bias is None else bias)
    for dtype, tolerance in ((np.float64, 1e-12), (np.float32, 1e-4)):
        x, y = a.astype(dtype), b.astype(dtype)
        offset = None if bias is None else bias.astype(dtype)
        c = kernel("gemm", dtype)(x, y, transpose_a, transpose_b, offset)
        assert (c.dtype, c.shape) == (dtype, (rows, columns))
        np.testing.assert_allclose(c, expected, rtol=tolerance, atol=tolerance)


@given(vocabulary=SIZES, features=SIZES, tokens=st.integers(0, 60))
def test_embedding_reads_rows_and_adds_gradients_to_them(
    implementation, vocabulary, features, tokens
):
    generator = np.random.default_rng(vocabulary * 100 + tokens)
    table = generator.standard_normal((vocabulary, features)).astype(np.float32)
    ids = generator.integers(0, vocabulary, tokens).astype(np.int32)
    rows = kernel("embedding_forward")(table, ids)
    np.testing.assert_array_equal(rows, table[ids])
    total = np.ones_like(table)
    kernel("embedding_backward")(total, ids, rows)
    expected = np.ones_like(table)
    for token, row in zip(ids, rows, strict=True):
        expected[token] += row
    np.testing.assert_array_equal(total, expected)


@given(rows=SIZES, classes=SIZES, scale=st.sampled_from([1.0, 30.0, 1000.0]))
def test_softmax_crossentropy_and_its_gradient(implementation, rows, classes, scale):
    generator = np.random.default_rng(rows * 100 + classes)
    logits = (scale * generator.standard_normal((rows, classes))).astype(np.float32)
    labels = generator.integers(0, classes, rows).astype(np.int32)
    dlosses = generator.standard_normal(rows).astype(np.float32)
    wide = logits.astype(np.float64)
    log_total = np.logaddexp.reduce(wide, axis=1)
    shares = np.exp(wide - log_total[:, None])
    losses, *_, probabilities = kernel("softmax_crossentropy")(logits, labels, 0.0)
    expected = log_total - wide[np.arange(rows), labels]
    np.testing.assert_allclose(losses, expected, rtol=1e-5, atol=1e-6 * scale)
    np.testing.assert_allclose(probabilities, shares, rtol=2e-5 * scale, atol=1e-7)
    dlogits = kernel("softmax_crossentropy_gradient")(probabilities, labels, dlosses, 0.0)
    expected = dlosses[:, None] * (probabilities - np.eye(classes)[labels])
    np.testing.assert_allclose(dlogits, expected, rtol=1e-5, atol=1e-6)


def test_every_kernel_of_the_reference_is_exported():
    assert all(callable(getattr(reference, name)) for name in reference.__all__)


def test_other_types_always_run_on_the_reference(implementation):
    assert kernel("gemm", np.float64) is reference.gemm
    assert kernel("gemm", np.dtype(np.float16)) is reference.gemm


def test_the_reference_can_be_chosen():
    kernels.use("reference")
    try:
        assert kernel("gemm") is reference.gemm
        assert kernels.isa() == "reference"
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kernels.use("native")


def test_unknown_choices_and_kernels_are_errors():
    with pytest.raises(ValueError, match="expected 'native' or 'reference', got 'gpu'"):
        kernels.use("gpu")
    with pytest.raises(AttributeError, match="nonsense"):
        kernel("nonsense")
