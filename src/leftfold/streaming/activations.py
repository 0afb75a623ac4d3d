"""Activations of compiled models: the few that are operations, and what can be made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from leftfold import activations
from leftfold.streaming.recording import Recording, Slot

OWN_OPERATIONS = {
    activations.softmax: "softmax",
    activations.log_softmax: "log_softmax",
    activations.gelu: "gelu",
}


def operation_name(activation: Callable[..., Any]) -> str | None:
    """The name of the one operation that is this activation, `None` if there is none."""
    return OWN_OPERATIONS.get(activation) or activations.kernel_name(activation)


def apply(recording: Recording, activation: Callable[..., Any], slot: Slot) -> Slot | None:
    """Write an activation down; the slot of its result, `None` if it cannot be stepped."""
    name = operation_name(activation)
    if name == "linear":
        return slot
    if name is not None:
        recording.last_activation = name
        return activate(recording, name, slot)
    compose = _COMPOSED.get(activation)
    return None if compose is None else compose(recording, slot)


def activate(recording: Recording, name: str, slot: Slot) -> Slot:
    """An activation that is an operation."""
    result = recording.slot(slot.width)
    recording.add("activate", slot, result, name)
    return result


def scale(recording: Recording, slot: Slot, factor: Any = None, offset: Any = None) -> Slot:
    """`x * factor + offset`, each one number or one for every element."""
    result = recording.slot(slot.width)

    def full(value: Any) -> np.ndarray | None:
        if value is None:
            return None
        return recording.array(np.broadcast_to(np.asarray(value, recording.dtype), slot.width))

    recording.add("scale", slot, result, full(factor), full(offset))
    return result


def combine(recording: Recording, how: str, *slots: Slot) -> Slot:
    """Slots combined element by element, or one behind the other."""
    width = sum(slot.width for slot in slots) if how == "concatenate" else slots[0].width
    result = recording.slot(width)
    recording.add("combine", how, list(slots), result)
    return result


def leaky(recording: Recording, slot: Slot, slope: Any) -> Slot:
    """`x` where it is positive, else `slope * x`."""
    positive = activate(recording, "relu", slot)
    negative = activate(recording, "relu", scale(recording, slot, -1.0))
    return combine(recording, "add", positive, scale(recording, negative, -np.asarray(slope)))


def elu(recording: Recording, slot: Slot, alpha: float) -> Slot:
    """`x` where it is positive, else `alpha * (exp(x) - 1)`."""
    below = scale(recording, activate(recording, "relu", scale(recording, slot, -1.0)), -1.0)
    curve = scale(recording, activate(recording, "elu", below), alpha)
    return combine(recording, "add", activate(recording, "relu", slot), curve)


def clipped_relu(recording: Recording, slot: Slot, ceiling: float) -> Slot:
    """`x` between 0 and the ceiling."""
    clipped = activate(recording, "relu6", scale(recording, slot, 6.0 / ceiling))
    return scale(recording, clipped, ceiling / 6.0)


def _silu(recording: Recording, slot: Slot) -> Slot:
    return combine(recording, "multiply", slot, activate(recording, "sigmoid", slot))


def _hard_silu(recording: Recording, slot: Slot) -> Slot:
    return combine(recording, "multiply", slot, activate(recording, "hard_sigmoid", slot))


def _mish(recording: Recording, slot: Slot) -> Slot:
    gate = activate(recording, "tanh", activate(recording, "softplus", slot))
    return combine(recording, "multiply", slot, gate)


def _log_sigmoid(recording: Recording, slot: Slot) -> Slot:
    below = activate(recording, "softplus", scale(recording, slot, -1.0))
    return scale(recording, below, -1.0)


_COMPOSED: dict[Callable[..., Any], Callable[[Recording, Slot], Slot]] = {
    activations.silu: _silu,
    activations.hard_silu: _hard_silu,
    activations.mish: _mish,
    activations.log_sigmoid: _log_sigmoid,
    activations.leaky_relu: lambda recording, slot: leaky(recording, slot, 0.2),
    activations.celu: lambda recording, slot: elu(recording, slot, 1.0),
}
