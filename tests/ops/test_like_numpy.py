"""Operations that are NumPy's by meaning, held against it on ordinary and on broken numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leftfold import ops

GAPS = np.array([[1.0, np.nan, 3.0], [np.nan, -2.0, 0.5], [np.nan, np.nan, np.nan]], "float32")
WHOLE = np.array([[5, -3, 12], [7, 0, 9]], "int32")
NUMBERS = np.array([[0.5, -1.5, 2.0], [3.0, 0.0, -0.25]], "float32")

CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    *((name, (GAPS[:2],), {"axis": axis}) for axis in (None, 0, 1)
      for name in ("nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin",
                   "nanmedian", "nanargmax", "nanargmin", "nancumsum", "nancumprod")),
    ("nanquantile", (GAPS[:2], [0.25, 0.5]), {"axis": 1}),
    ("nanpercentile", (GAPS[:2], 30), {"keepdims": True}),
    ("percentile", (NUMBERS, [10, 90]), {"axis": 0}),
    *((name, (WHOLE, np.array([1, 2, 3], "int32")), {})
      for name in ("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift",
                   "bitwise_right_shift", "gcd", "lcm")),
    ("bitwise_not", (WHOLE,), {}),
    *((name, (NUMBERS,), {}) for name in ("signbit", "fabs", "ptp", "rot90", "isreal", "sinc")),
    ("isposinf", (np.array([np.inf, -np.inf, 1, np.nan]),), {}),
    ("isneginf", (np.array([np.inf, -np.inf, 1, np.nan]),), {}),
    ("fmax", (GAPS, NUMBERS[0]), {}),
    ("fmin", (GAPS, NUMBERS[0]), {}),
    ("heaviside", (NUMBERS, np.float32(0.5)), {}),
    ("digitize", (NUMBERS, np.array([-1.0, 0.0, 2.0])), {}),
    ("corrcoef", (NUMBERS,), {}),
    ("cross", (NUMBERS, NUMBERS[::-1].copy()), {}),
    ("vander", (NUMBERS[0], 4), {}),
    ("geomspace", (1, 256, 9), {}),
    *((name, (7,), {}) for name in ("bartlett", "blackman", "hamming", "hanning")),
    ("kaiser", (7, 4.0), {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "settings"), CALLS, ids=lambda c: str(c)[:12])
def test_values_are_those_of_numpy(
    name: str, arguments: tuple[Any, ...], settings: dict[str, Any]
) -> None:
    expected = getattr(np, name)(*arguments, **settings)
    actual = getattr(ops, name)(*arguments, **settings)
    np.testing.assert_allclose(np.asarray(actual), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore:(invalid value|All-NaN)")
def test_where_there_is_nothing_but_nan_there_is_no_number() -> None:
    for name in ("nanmean", "nanmax", "nanmin", "nanstd"):
        assert np.isnan(np.asarray(getattr(ops, name)(GAPS, axis=1))).tolist() == [False] * 2 + [
            True
        ]
    assert np.asarray(ops.nanargmax(GAPS, axis=1)).tolist() == [2, 2, -1]
    assert np.asarray(ops.nansum(GAPS, axis=1)).tolist() == [4.0, -1.5, 0.0]


def test_a_histogram_counts_and_tells_its_edges() -> None:
    counts, edges = ops.histogram(NUMBERS, bins=4)
    expected = np.histogram(NUMBERS, bins=4)
    np.testing.assert_array_equal(counts, expected[0])
    np.testing.assert_allclose(edges, expected[1], rtol=1e-6)


def test_what_cannot_be_computed_is_named() -> None:
    with pytest.raises(ValueError, match=r"inv expected square matrices .*got shape \(2, 3\)"):
        ops.inv(NUMBERS)
    with pytest.raises(ValueError, match="cross expected vectors of 3"):
        ops.cross(NUMBERS[:, :2], NUMBERS[:, :2])
    with pytest.raises(ValueError, match="rot90 expected two different axes"):
        ops.rot90(NUMBERS, axes=(0, 0))
    with pytest.raises(ValueError, match="dot_product_attention expected query of shape"):
        ops.dot_product_attention(NUMBERS, NUMBERS, NUMBERS)


def test_probabilities_of_sparsemax_sum_to_one() -> None:
    scores = np.random.default_rng(0).standard_normal((5, 4)).astype("float32")
    shares = np.asarray(ops.sparsemax(scores))
    np.testing.assert_allclose(shares.sum(axis=-1), 1, rtol=1e-6)
    assert (shares == 0).any() and (shares > 0).sum() > len(shares)
