"""Operators that centre and scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.interop.onnx.run.operators import Call, limit, operator
from leftfold.interop.onnx.run.types import type_of

Array = np.ndarray


def _centred(x: Array, axes: tuple[int, ...], epsilon: float) -> tuple[Array, Array, Array]:
    """`x` with mean 0 and variance 1, the mean, and the inverse of the deviation."""
    mean = np.mean(x, axis=axes, keepdims=True)
    inverse = 1 / np.sqrt(np.var(x, axis=axes, keepdims=True) + epsilon)
    return (x - mean) * inverse, mean, inverse


@operator("LayerNormalization")
def _layer_normalization(call: Call, x: Array, scale: Array, bias: Any = None) -> Any:
    axis = call.get("axis", -1) % x.ndim
    inner = x.astype(type_of(call.get("stash_type", 1), call.kind), copy=False)
    normal, mean, inverse = _centred(inner, tuple(range(axis, x.ndim)), call.get("epsilon", 1e-5))
    y = (normal * scale + (0 if bias is None else bias)).astype(x.dtype)
    return (y, mean, inverse) if call.results > 1 else y


@operator("RMSNormalization")
def _rms_normalization(call: Call, x: Array, scale: Array) -> Array:
    axis = call.get("axis", -1) % x.ndim
    inner = x.astype(type_of(call.get("stash_type", 1), call.kind), copy=False)
    square = np.mean(np.square(inner), axis=tuple(range(axis, x.ndim)), keepdims=True)
    return (inner / np.sqrt(square + call.get("epsilon", 1e-5)) * scale).astype(x.dtype)


def _of_channels(weights: Array, x: Array) -> Array:
    return weights.reshape(1, -1, *[1] * (x.ndim - 2))


@operator("BatchNormalization")
def _batch_normalization(
    call: Call, x: Array, scale: Array, bias: Array, mean: Array, variance: Array
) -> Array:
    parts = (_of_channels(weights, x) for weights in (scale, bias, mean, variance))
    gamma, beta, centre, spread = parts
    factor = gamma / np.sqrt(spread + call.get("epsilon", 1e-5))
    return ((x - centre) * factor + beta).astype(x.dtype)


@limit("BatchNormalization")
def _not_in_training(call: Call) -> str | None:
    if not call.get("spatial", 1):
        return "statistics for each place, as before version 9, are not supported"
    return "training is not supported" if call.get("training_mode", 0) else None


@operator("InstanceNormalization")
def _instance_normalization(call: Call, x: Array, scale: Array, bias: Array) -> Array:
    normal, *_ = _centred(x, tuple(range(2, x.ndim)), call.get("epsilon", 1e-5))
    return (normal * _of_channels(scale, x) + _of_channels(bias, x)).astype(x.dtype)


@operator("GroupNormalization")
def _group_normalization(call: Call, x: Array, scale: Array, bias: Array) -> Array:
    groups = x.reshape(x.shape[0], call.get("num_groups"), -1)
    normal = _centred(groups, (2,), call.get("epsilon", 1e-5))[0].reshape(x.shape)
    if scale.size != x.shape[1]:
        scale, bias = (np.repeat(w, x.shape[1] // w.size) for w in (scale, bias))
    return (normal * _of_channels(scale, x) + _of_channels(bias, x)).astype(x.dtype)


@operator("MeanVarianceNormalization")
def _mean_variance(call: Call, x: Array) -> Array:
    axes = tuple(call.get("axes", [0, 2, 3]))
    deviation = np.std(x, axis=axes, keepdims=True)
    return ((x - np.mean(x, axis=axes, keepdims=True)) / (deviation + 1e-9)).astype(x.dtype)


@operator("LpNormalization")
def _lp_normalization(call: Call, x: Array) -> Array:
    axis, order = call.get("axis", -1), call.get("p", 2)
    size = np.linalg.norm(x, ord=order, axis=axis, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(size == 0, 0, x / size).astype(x.dtype)
