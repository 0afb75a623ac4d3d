"""Convolution and pooling against their definitions, for any geometry, and what they refuse."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold import ops
from leftfold.engine import KerasTensor, Tape, Tensor
from leftfold.ops.convolution import conv_with_bias

GEOMETRY = st.fixed_dictionaries(
    {
        "sizes": st.lists(st.integers(1, 9), min_size=1, max_size=2),
        "window": st.integers(1, 4),
        "strides": st.integers(1, 3),
        "dilation": st.integers(1, 3),
        "padding": st.sampled_from(["valid", "same", "causal"]),
        "data_format": st.sampled_from(["channels_last", "channels_first"]),
        "seed": st.integers(0, 999),
    }
)


def starts(n: int, window: int, stride: int, dilation: int, padding: str) -> list[int]:
    """Where each window begins, margins being at negative places."""
    span = (window - 1) * dilation + 1
    if padding == "valid":
        return list(range(0, n - span + 1, stride))
    count = -(-n // stride)
    total = max((count - 1) * stride + span - n, 0)
    before = span - 1 if padding == "causal" else total // 2
    return [i * stride - before for i in range(count)]


def seen(
    x: np.ndarray, window: int, stride: int, dilation: int, padding: str, lacking: float
) -> Any:
    """`(batch, *counts, *window, channels)`, element by element."""
    sizes = x.shape[1:-1]
    begins = [starts(n, window, stride, dilation, padding) for n in sizes]
    result = np.full(
        (len(x), *map(len, begins), *[window] * len(sizes), x.shape[-1]), lacking, x.dtype
    )
    for where in itertools.product(*(range(len(b)) for b in begins)):
        for place in itertools.product(range(window), repeat=len(sizes)):
            at = [b[i] + p * dilation for b, i, p in zip(begins, where, place, strict=True)]
            if all(0 <= a < n for a, n in zip(at, sizes, strict=True)):
                result[(slice(None), *where, *place)] = x[(slice(None), *at)]
    return result


def moved(x: np.ndarray, data_format: str) -> np.ndarray:
    return np.moveaxis(x, -1, 1) if data_format == "channels_first" else x


def fits(g: dict[str, Any], dilation: int) -> bool:
    return g["padding"] != "valid" or min(g["sizes"]) > (g["window"] - 1) * dilation


@given(g=GEOMETRY, groups=st.integers(1, 3))
def test_a_convolution_is_the_product_of_every_window_with_the_kernel(
    g: dict[str, Any], groups: int
) -> None:
    if g["padding"] == "causal":
        g["sizes"] = g["sizes"][:1]
    if not fits(g, g["dilation"]):
        return
    generator = np.random.default_rng(g["seed"])
    rank = len(g["sizes"])
    x = generator.normal(size=(2, *g["sizes"], 2 * groups))
    kernel = generator.normal(size=(*[g["window"]] * rank, 2, 3 * groups))
    bias = generator.normal(size=3 * groups)
    windowed = seen(x, g["window"], g["strides"], g["dilation"], g["padding"], 0.0)
    flat = windowed.reshape(*windowed.shape[: rank + 1], -1, groups, 2)
    weights = kernel.reshape(-1, 2, groups, 3)
    expected = np.einsum("...wgc,wcgf->...gf", flat, weights)
    expected = expected.reshape(*expected.shape[:-2], -1)
    settings = g["strides"], g["padding"], g["data_format"], g["dilation"]
    y = ops.conv(moved(x, g["data_format"]), kernel, *settings)
    np.testing.assert_allclose(y.data, moved(expected, g["data_format"]), atol=1e-12)
    y = conv_with_bias(moved(x, g["data_format"]), kernel, bias, *settings)
    np.testing.assert_allclose(y.data, moved(expected + bias, g["data_format"]), atol=1e-12)
    shape = [None if axis else 2 for axis in range(rank + 1)]
    shape.insert(1 if g["data_format"] == "channels_first" else rank + 1, 2 * groups)
    symbolic = ops.conv(KerasTensor(tuple(shape), "float64"), kernel, *settings)
    assert all(n in (None, m) for n, m in zip(symbolic.shape, y.shape, strict=True))
    assert symbolic.shape.count(None) == rank


@given(g=GEOMETRY)
def test_a_pool_reduces_every_window_and_margins_do_not_count(g: dict[str, Any]) -> None:
    if g["padding"] == "causal" or not fits(g, 1):
        return
    x = np.random.default_rng(g["seed"]).normal(size=(2, *g["sizes"], 3))
    windowed = seen(x, g["window"], g["strides"], 1, g["padding"], np.nan)
    rank = len(g["sizes"])
    axes = tuple(range(rank + 1, 2 * rank + 1))
    settings = g["window"], g["strides"], g["padding"], g["data_format"]
    for operation, reduction in ((ops.max_pool, np.nanmax), (ops.average_pool, np.nanmean)):
        y = operation(moved(x, g["data_format"]), *settings)
        expected = moved(reduction(windowed, axis=axes), g["data_format"])
        np.testing.assert_allclose(y.data, expected, atol=1e-12)
        symbolic = operation(KerasTensor((None, *[None] * rank, 3), "float64"), *settings[:3])
        assert symbolic.shape == (None, *[None] * rank, 3)


def test_a_gradient_goes_to_the_first_of_several_maxima() -> None:
    x = Tensor(np.array([[[2.0], [2.0], [0.0], [0.0]]]), tracked=True)
    with Tape() as tape:
        y = ops.sum(ops.max_pool(x, 2))
    assert tape.gradient(y, [x])[0].ravel().tolist() == [1, 0, 1, 0]


def test_the_gradient_of_a_bias_is_the_sum_over_all_windows() -> None:
    bias = Tensor(np.zeros(4), tracked=True)
    with Tape() as tape:
        y = ops.sum(conv_with_bias(np.ones((2, 5, 4)), np.ones((2, 2, 4)), bias))
    assert tape.gradient(y, [bias])[0].tolist() == [8] * 4


def test_a_symbolic_length_that_is_unknown_stays_unknown() -> None:
    x = KerasTensor((None, None, 3))
    assert ops.conv(x, np.ones((2, 3, 5), "float32"), 2, "same").shape == (None, None, 5)
    assert ops.depthwise_conv(x, np.ones((2, 3, 5), "float32"), 2).shape == (None, None, 15)
    assert ops.max_pool(x, 3).shape == ops.average_pool(x, 3).shape == (None, None, 3)


def test_integers_are_computed_with_as_floats() -> None:
    x = np.arange(6).reshape(1, 3, 2)
    assert ops.max_pool(x, 2).dtype == "float32"
    assert ops.conv(x, np.ones((2, 2, 1), "int32")).tolist() == [[[6.0], [14.0]]]
    assert ops.conv(x.astype("float32"), np.ones((2, 2, 1))).dtype == "float64"


ONES = np.ones((2, 5, 4), "float32")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.conv(ONES, np.ones((3, 4))), r"of the same rank, 3 or more, got shapes"),
        (lambda: ops.conv(ONES, np.ones((3, 3, 2))), r"\(2, 5, 4\) and a kernel of shape \(3, 3,"),
        (lambda: ops.conv(ONES, np.ones((3, 2, 3))), "as many filters for each group"),
        (lambda: ops.conv(ONES, np.ones((6, 4, 2))), r"conv expected .* 6 elements .*\(2, 5, 4\)"),
        (lambda: ops.conv(ONES, np.ones((2, 4, 2)), 0), "strides to be a positive integer, got 0"),
        (lambda: ops.conv(ONES, np.ones((2, 4, 2)), (1, 2)), r"strides .*, got \(1, 2\)"),
        (lambda: ops.conv(ONES, np.ones((2, 4, 2)), dilation_rate=1.5), "dilation_rate .* 1.5"),
        (lambda: ops.conv(ONES, np.ones((2, 4, 2)), padding="full"), "'causal', got 'full'"),
        (lambda: ops.conv(ONES, np.ones((2, 4, 2)), data_format="last"), "got 'last'"),
        (lambda: ops.depthwise_conv(ONES, np.ones((2, 3, 4))), "with the channels of the inputs"),
        (lambda: ops.max_pool(ONES, 0), "the window's size to be a positive integer, got 0"),
        (lambda: ops.max_pool(ONES, 6), "max_pool expected inputs of at least 6 elements"),
        (lambda: ops.average_pool(ONES, 2, padding="causal"), "'valid', 'same', got 'causal'"),
        (lambda: ops.average_pool(ONES[0], 2), r"expected inputs .*, got shape \(5, 4\)"),
        (
            lambda: ops.conv(np.ones((1, 4, 4, 1)), np.ones((2, 2, 1, 1)), padding="causal"),
            "one axis of time",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
