"""Attention as one function."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.ops.arithmetic import add, divide, multiply
from leftfold.ops.elementwise import tanh
from leftfold.ops.indexing import where
from leftfold.ops.linalg import einsum
from leftfold.ops.nn import softmax


def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Any:
    """Means of `value`, weighted by how well each `query` fits each `key`.

    Vaswani et al., "Attention Is All You Need", 2017.

    Args:
        query: `(batch, queries, heads, features)`.
        key: `(batch, keys, heads, features)`.
        value: `(batch, keys, heads, features)`.
        bias: added to the scores, broadcastable to `(batch, heads, queries, keys)`.
        mask: `True` where a query may see a key, broadcastable to the same.
        scale: factor of the scores; one over the root of `features` by default.
        is_causal: whether each query sees only keys that are not behind it.
        flash_attention: accepted for Keras, without effect.
        attn_logits_soft_cap: scores are bent to stay within that distance from 0.

    Returns:
        `(batch, queries, heads, features)`.
    """
    for name, tensor in (("query", query), ("key", key), ("value", value)):
        if len(tensor.shape) != 4:
            raise ValueError(
                f"dot_product_attention expected {name} of shape (batch, length, heads, "
                f"features), got {tuple(tensor.shape)}."
            )
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    scores = multiply(einsum("bqhd,bkhd->bhqk", query, key), factor)
    if attn_logits_soft_cap is not None:
        scores = tanh(divide(scores, attn_logits_soft_cap)) * attn_logits_soft_cap
    if bias is not None:
        scores = add(scores, bias)
    if is_causal:
        before = np.tril(np.ones(scores.shape[-2:], bool))
        mask = before if mask is None else mask & before
    if mask is not None:
        scores = where(mask, scores, -1e9)
    return einsum("bhqk,bkhd->bqhd", softmax(scores), value)
