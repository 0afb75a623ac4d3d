"""How each layer is written down as operations on one step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from leftfold import activations, layers
from leftfold.layers import Layer
from leftfold.streaming import activations as stepped_activations
from leftfold.streaming.recording import Recording, Value
from leftfold.streaming.recurrence import recur
from leftfold.streaming.refusal import refuse

Rule = Callable[[Recording, Any, Value], Value]


def apply(recording: Recording, layer: Layer, value: Any) -> Any:
    """Write down a layer's call on a value, or on a list of them."""
    kind = type(layer)
    recording.last_activation = ""
    if np.dtype(layer.variable_dtype) != recording.dtype:
        refuse(layer, f"it computes in {layer.variable_dtype}, the model in {recording.dtype}")
    if isinstance(value, list | tuple):
        merge = MERGES.get(kind)
        if merge is None:
            refuse(layer, _why_not(layer))
        return merge(recording, layer, list(value))
    rule = RULES.get(kind)
    if rule is None:
        refuse(layer, _why_not(layer))
    if value.ids and kind is not layers.Embedding:
        refuse(layer, "a step of the model's input is one number, which only Embedding reads")
    return rule(recording, layer, value)


def _why_not(layer: Layer) -> str:
    for kind, reason in REASONS.items():
        if isinstance(layer, kind):
            return reason
    return "streaming knows no step of this kind of layer"


REASONS: dict[type, str] = {
    layers.Bidirectional: "it reads the sequence from its end, too",
    layers.Attention: "it looks at all timesteps at once",
    layers.AdditiveAttention: "it looks at all timesteps at once",
    layers.MultiHeadAttention: "it looks at all timesteps at once",
    layers.Conv1D: "it looks at several timesteps at once",
    layers.MaxPooling1D: "it answers for several timesteps at once",
    layers.AveragePooling1D: "it answers for several timesteps at once",
    layers.RepeatVector: "it makes a sequence of what is known only at the end of another",
    layers.Lambda: "it runs a function in Python, of which no step is known",
}


def _as_mask(layer: Layer, value: Value) -> Any:
    return value.mask if layer.supports_masking else None


def _vector(layer: Layer, value: Value) -> int:
    """The size of a step that is a vector."""
    if len(value.shape) != 1:
        refuse(layer, f"it reads steps of shape {value.shape}; make them vectors first")
    return value.shape[0]


def _like(layer: Layer, value: Value, slot: Any) -> Value:
    return Value(slot, value.shape, value.sequence, _as_mask(layer, value))


def _unchanged(recording: Recording, layer: Layer, value: Value) -> Value:
    return _like(layer, value, value.slot)


def _embedding(recording: Recording, layer: Any, value: Value) -> Value:
    if not value.ids:
        refuse(layer, "it reads ids, and only the model's input can be an id")
    result = recording.slot(layer.output_dim)
    recording.add("embedding", result, recording.array(layer.embeddings))
    mask = None
    if layer.mask_zero:
        mask = recording.slot(1)
        recording.add("id_mask", mask)
    return Value(result, (layer.output_dim,), value.sequence, mask)


def _masking(recording: Recording, layer: Any, value: Value) -> Value:
    if not value.sequence:
        refuse(layer, "its input is no sequence")
    width = _vector(layer, value)
    result, mask = recording.slot(width), recording.slot(1)
    recording.add("masking", value.slot, result, mask, float(layer.mask_value))
    return Value(result, value.shape, True, mask)


def _dense(recording: Recording, layer: Any, value: Value) -> Value:
    _vector(layer, value)
    result = recording.slot(layer.units)
    name = activations.kernel_name(layer.activation)
    weights = recording.array(layer.kernel), recording.array(layer.bias)
    recording.last_activation = name or ""
    recording.add("dense", value.slot, result, *weights, name or "linear")
    output = Value(result, (layer.units,), value.sequence, _as_mask(layer, value))
    return output if name else _activated(recording, layer, output, layer.activation)


def _activated(recording: Recording, layer: Layer, value: Value, activation: Any) -> Value:
    if activation in (activations.softmax, activations.log_softmax):
        _vector(layer, value)
    result = stepped_activations.apply(recording, activation, value.slot)
    if result is None:
        name = getattr(activation, "__name__", repr(activation))
        refuse(layer, f"streaming does not know its activation {name}")
    return _like(layer, value, result)


def _activation(recording: Recording, layer: Any, value: Value) -> Value:
    return _activated(recording, layer, value, layer.activation)


def _relu(recording: Recording, layer: Any, value: Value) -> Value:
    if layer.threshold:
        refuse(layer, "streaming knows it only with a threshold of 0")
    if not layer.negative_slope and not layer.max_value:
        if layer.max_value == 0:
            refuse(layer, "its max_value of 0 leaves nothing")
        return _activated(recording, layer, value, activations.relu)
    if layer.max_value is not None and layer.negative_slope:
        refuse(layer, "streaming knows max_value and negative_slope only one at a time")
    if layer.negative_slope:
        slot = stepped_activations.leaky(recording, value.slot, layer.negative_slope)
    else:
        slot = stepped_activations.clipped_relu(recording, value.slot, layer.max_value)
    return _like(layer, value, slot)


def _leaky_relu(recording: Recording, layer: Any, value: Value) -> Value:
    slot = stepped_activations.leaky(recording, value.slot, layer.negative_slope)
    return _like(layer, value, slot)


def _prelu(recording: Recording, layer: Any, value: Value) -> Value:
    alpha = np.asarray(layer.alpha.data)
    if value.sequence and alpha.shape[0] != 1:
        refuse(layer, "it has slopes of its own for each timestep; shared_axes=[1] shares them")
    slopes = np.broadcast_to(alpha[0] if value.sequence else alpha, value.shape).reshape(-1)
    return _like(layer, value, stepped_activations.leaky(recording, value.slot, slopes))


def _elu(recording: Recording, layer: Any, value: Value) -> Value:
    return _like(layer, value, stepped_activations.elu(recording, value.slot, layer.alpha))


def _softmax(recording: Recording, layer: Any, value: Value) -> Value:
    if layer.axis not in (-1, len(value.shape) + value.sequence):
        refuse(layer, f"streaming knows it only along the last axis, not along {layer.axis}")
    if value.mask is not None:
        refuse(layer, "its input has a mask")
    return _activated(recording, layer, value, activations.softmax)


def _batch_normalization(recording: Recording, layer: Any, value: Value) -> Value:
    rank = len(value.shape) + 1 + value.sequence
    if layer.axis % rank != rank - 1:
        refuse(layer, f"streaming knows it only along the last axis, not along {layer.axis}")
    deviation = np.sqrt(layer.moving_variance.data.astype(np.float64) + layer.epsilon)
    factors = (1.0 if layer.gamma is None else layer.gamma.data) / deviation
    centre = 0.0 if layer.beta is None else layer.beta.data
    offsets = centre - layer.moving_mean.data * factors
    repeats = math.prod(value.shape[:-1])
    slot = stepped_activations.scale(
        recording, value.slot, np.tile(factors, repeats), np.tile(offsets, repeats)
    )
    return _like(layer, value, slot)


def _layer_normalization(recording: Recording, layer: Any, value: Value) -> Value:
    width, rank = _vector(layer, value), 2 + value.sequence
    if [axis % rank for axis in layer.axis] != [rank - 1]:
        refuse(layer, f"streaming knows it only along the last axis, not along {layer.axis}")
    result = recording.slot(width)
    weights = recording.array(layer.gamma), recording.array(layer.beta)
    recording.add("normalize", value.slot, result, *weights, float(layer.epsilon))
    return _like(layer, value, result)


def _time_distributed(recording: Recording, layer: Any, value: Value) -> Value:
    if not value.sequence:
        refuse(layer, "its input is no sequence")
    if isinstance(layer.layer, layers.RNN | layers.Masking | layers.TimeDistributed):
        refuse(layer, f"streaming does not know it around {type(layer.layer).__name__}")
    inner = apply(recording, layer.layer, Value(value.slot, value.shape, False))
    return Value(inner.slot, inner.shape, True, value.mask)


def _flatten(recording: Recording, layer: Any, value: Value) -> Value:
    if value.sequence:
        refuse(layer, "it mixes the timesteps; TimeDistributed around it would not")
    if layer.data_format != "channels_last" and len(value.shape) > 1:
        refuse(layer, "streaming knows it only with channels_last")
    return Value(value.slot, (math.prod(value.shape),), False)


def _reshape(recording: Recording, layer: Any, value: Value) -> Value:
    if value.sequence:
        refuse(layer, "it mixes the timesteps; TimeDistributed around it would not")
    return Value(value.slot, layer.compute_output_shape((None, *value.shape))[1:], False)


def _pooling(how: str) -> Rule:
    def rule(recording: Recording, layer: Any, value: Value) -> Value:
        width = _vector(layer, value)
        if not value.sequence:
            refuse(layer, "its input is no sequence")
        if layer.data_format != "channels_last" or layer.keepdims:
            refuse(layer, "streaming knows it only with channels_last and without keepdims")
        result = recording.slot(width)
        state_at = recording.state(f"{layer.name}/steps", 1)
        recording.state(f"{layer.name}/{how}", width)
        mask = -1 if value.mask is None else value.mask
        recording.add("running", how, value.slot, result, mask, state_at)
        return Value(result, value.shape, False)

    return rule


def _merge(how: str) -> Callable[[Recording, Any, list[Value]], Value]:
    def rule(recording: Recording, layer: Any, values: list[Value]) -> Value:
        first = values[0]
        if any(value.mask is not None for value in values):
            refuse(layer, "its inputs have masks")
        if len({(v.sequence, len(v.shape)) for v in values}) > 1 or first.ids:
            refuse(layer, "its inputs do not follow the same sequence")
        slots = [value.slot for value in values]
        if how == "concatenate":
            if layer.axis not in (-1, 1 + first.sequence) or len(first.shape) != 1:
                refuse(layer, f"streaming joins only vectors, not along the axis {layer.axis}")
            slot = stepped_activations.combine(recording, how, *slots)
            return Value(slot, (slot.width,), first.sequence)
        if len({value.shape for value in values}) > 1:
            refuse(layer, "its inputs differ in shape")
        if isinstance(layer, layers.Subtract):
            slots[1] = stepped_activations.scale(recording, slots[1], -1.0)
        slot = stepped_activations.combine(recording, how, *slots)
        if isinstance(layer, layers.Average):
            slot = stepped_activations.scale(recording, slot, 1.0 / len(slots))
        return Value(slot, first.shape, first.sequence)

    return rule


RULES: dict[type, Rule] = {
    layers.Activation: _activation,
    layers.BatchNormalization: _batch_normalization,
    layers.Dense: _dense,
    layers.Dropout: _unchanged,
    layers.ELU: _elu,
    layers.Embedding: _embedding,
    layers.Flatten: _flatten,
    layers.GRU: recur,
    layers.GaussianNoise: _unchanged,
    layers.GlobalAveragePooling1D: _pooling("mean"),
    layers.GlobalMaxPooling1D: _pooling("maximum"),
    layers.Identity: _unchanged,
    layers.LSTM: recur,
    layers.LayerNormalization: _layer_normalization,
    layers.LeakyReLU: _leaky_relu,
    layers.Masking: _masking,
    layers.PReLU: _prelu,
    layers.RNN: recur,
    layers.ReLU: _relu,
    layers.Reshape: _reshape,
    layers.SimpleRNN: recur,
    layers.Softmax: _softmax,
    layers.SpatialDropout1D: _unchanged,
    layers.TimeDistributed: _time_distributed,
}

MERGES: dict[type, Callable[[Recording, Any, list[Value]], Value]] = {
    layers.Add: _merge("add"),
    layers.Average: _merge("add"),
    layers.Concatenate: _merge("concatenate"),
    layers.Maximum: _merge("maximum"),
    layers.Minimum: _merge("minimum"),
    layers.Multiply: _merge("multiply"),
    layers.Subtract: _merge("add"),
}
