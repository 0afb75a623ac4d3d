"""Operations of `keras.ops`: the same values as Keras's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.ops.cases import CASES, Case
from tests.ops.test_like_numpy import CALLS

ONLY_HERE = {
    *("dense", "embedding", "dropout", "layer_normalization", "softmax_cross_entropy", "cond"),
    *("get_item", "rms_normalization", "batch_normalization", "select", "divide_no_nan"),
}
"""Operations that Keras has not, or has with other arguments."""

REFUSED = {
    *("norm-2x3x4-axis=[0,1]-keepdims=True", "segment_sum-4x2", "array_split-5x2-1+2"),
    *("max_pool-2x7x3-2", "max_pool-2x5x6x2-(3,2)-padding=same"),
    *("average_pool-2x7x3-2", "average_pool-2x5x6x2-(3,2)-padding=same"),
    "conv-2x6x3-3x3x2-padding=causal-dilation_rate=2",
    "sparse_categorical_crossentropy-4x3-axis=0",
    "sparse_categorical_crossentropy-4x3-from_logits=True-axis=0",
    "solve-2x3x3-2x3",
    "dot_product_attention-2x3x2x4-2x5x2x4-2x5x2x4-1x2x3x5-attn_logits_soft_cap=2.0",
    *("sparsemax-3x4", "sparsemax-4x2x3-axis=0"),
}
"""Calls that Keras refuses on JAX, and `sparsemax`, whose probabilities sum to 0 there."""

PLAIN = [c for c in CASES if c.name not in ONLY_HERE and str(c) not in REFUSED]


@pytest.mark.parametrize(("name", "arguments", "settings"), CALLS, ids=lambda c: str(c)[:12])
def test_values_of_operations_on_arrays(
    agree: Callable[..., None], name: str, arguments: tuple[Any, ...], settings: dict[str, Any]
) -> None:
    agree("operation", name, arguments, settings)


@pytest.mark.parametrize("case", PLAIN, ids=str)
def test_values_of_differentiable_operations(agree: Callable[..., None], case: Case) -> None:
    arguments, _ = case.tensors("float32", tracked=False)

    def array(item: Any) -> Any:
        if isinstance(item, list):
            return [array(each) for each in item]
        return getattr(item, "data", item) if hasattr(item, "tracked") else item

    agree("operation", case.name, [array(a) for a in arguments], case.settings)
