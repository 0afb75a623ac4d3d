"""Exponential, tanh and sigmoid of the native kernels over the whole range of float32."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from tests.native.support import REDUCED

SMALLEST_NORMAL = 2.0**-126

# The largest errors in units in the last place that native/activations.hpp states.
LARGEST_ERROR = {"exponential": 4, "tanh": 7, "sigmoid": 3}


def sigmoid(x: np.ndarray) -> np.ndarray:
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


EXACT: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "exponential": np.exp,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
}

every_function = pytest.mark.parametrize("name", EXACT)


def floats() -> Iterator[np.ndarray]:
    """One in so many of all bit patterns that are numbers; a prime stride meets every exponent."""
    stride = 50_021 if REDUCED else 251
    chunk = stride << 20
    for start in range(0, 1 << 32, chunk):
        patterns = np.arange(start, min(start + chunk, 1 << 32), stride, dtype=np.uint64)
        x = patterns.astype(np.uint32).view(np.float32)
        yield x[~np.isnan(x)]


def errors(actual: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Differences in units in the last place of the exact result, zero below the normal range."""
    # Nothing finer counts there: inside kernels such numbers are flushed to zero.
    powers = (exact.astype(np.float32).view(np.int32) & 0x7F800000).view(np.float32)
    differences = np.abs(actual - exact) / np.maximum(powers * 2.0**-23, 2.0**-149)
    return np.where(np.abs(exact) < SMALLEST_NORMAL, 0, differences)


@every_function
def test_the_error_is_as_small_as_stated_everywhere(native, name):
    function = getattr(native, name)
    worst = 0.0
    for x in floats():
        with np.errstate(over="ignore"):
            exact = EXACT[name](x.astype(np.float64))
        y = function(x)
        finite = exact < np.finfo(np.float32).max
        assert np.isposinf(y[~finite]).all()
        below = np.abs(exact) < SMALLEST_NORMAL
        assert (np.abs(y[below]) <= SMALLEST_NORMAL).all()
        worst = max(worst, errors(y[finite], exact[finite]).max(initial=0))
    assert worst <= LARGEST_ERROR[name]


@every_function
def test_nan_stays_nan_whatever_its_bits(native, name):
    payloads = np.arange(1, 1 << 23, 997, dtype=np.uint32)
    nan = np.concatenate([payloads | 0x7F800000, payloads | 0xFF800000]).view(np.float32)
    assert np.isnan(nan).all()
    assert np.isnan(getattr(native, name)(nan)).all()


@pytest.mark.parametrize(
    ("name", "at_minus_infinity", "at_zero", "at_infinity"),
    [("exponential", 0, 1, np.inf), ("tanh", -1, 0, 1), ("sigmoid", 0, 0.5, 1)],
)
def test_limits(native, name, at_minus_infinity, at_zero, at_infinity):
    largest = np.finfo(np.float32).max
    x = np.array([-np.inf, -largest, 0, -0.0, largest, np.inf], np.float32)
    expected = [at_minus_infinity] * 2 + [at_zero] * 2 + [at_infinity] * 2
    np.testing.assert_allclose(getattr(native, name)(x), expected, rtol=0, atol=SMALLEST_NORMAL)


@every_function
def test_results_stay_within_the_bounds_of_the_function(native, name):
    low, high = {"exponential": (0, np.inf), "tanh": (-1, 1), "sigmoid": (0, 1)}[name]
    for x in floats():
        y = getattr(native, name)(x)
        assert low <= y.min()
        assert y.max() <= high


@every_function
def test_a_result_does_not_depend_on_the_place_in_the_array(native, name):
    x = np.random.default_rng(0).normal(size=67).astype(np.float32) * 5
    whole = getattr(native, name)(x)
    for start in range(len(x)):
        np.testing.assert_array_equal(getattr(native, name)(x[start:]), whole[start:])
