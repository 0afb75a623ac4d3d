"""Normalisations as layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold import layers
from leftfold.interop.onnx.rebuild.axes import in_order, materialized
from leftfold.interop.onnx.rebuild.inputs import named, needed_constant, rebuilds, view
from leftfold.interop.onnx.rebuild.values import Made, View, size_of, whole

if TYPE_CHECKING:
    from leftfold.interop.onnx.rebuild.rebuilding import Rebuilder


@rebuilds("BatchNormalization")
def _batch_normalization(rebuilder: Rebuilder, made: Made) -> View:
    if made.call.get("training_mode", 0):
        raise made.refuse("it normalises by the batch, as in training")
    names = ("its scale", "its bias", "its mean", "its variance")
    weights = [needed_constant(made, i + 1, name) for i, name in enumerate(names)]
    found = view(made, 0)
    last = len(found.axes) - 1
    order = [0, *range(2, last + 1), 1] if last > 1 else [0, 1]
    turned = in_order(found, order)
    name = named(made.given(1))

    def make() -> Any:
        return layers.BatchNormalization(
            momentum=made.call.get("momentum", 0.9),
            epsilon=made.call.get("epsilon", 1e-5),
            name=rebuilder.name(name, made.call.name, "batch_normalization/x"),
        )

    result = rebuilder.applied(make, weights, materialized(turned))
    return in_order(whole(result, turned.axes), [order.index(axis) for axis in range(last + 1)])


@rebuilds("LayerNormalization")
def _layer_normalization(rebuilder: Rebuilder, made: Made) -> View:
    found = view(made, 0)
    first = made.call.get("axis", -1) % len(found.axes)
    axes = list(range(first, len(found.axes)))
    shape: list[Any] = [size_of(group) for group in found.axes[first:]]
    if any(made.used[1:]):
        raise made.refuse("something reads its mean or its deviation")
    if None in shape:
        raise made.refuse("it normalises over an axis of open size")
    weights = [np.broadcast_to(needed_constant(made, 1, "its scale"), shape)]
    if made.given(2) is not None:
        weights.append(np.broadcast_to(needed_constant(made, 2, "its bias"), shape))
    name = named(made.given(1))

    def make() -> Any:
        return layers.LayerNormalization(
            axis=axes if len(axes) > 1 else axes[0] - len(found.axes),
            epsilon=made.call.get("epsilon", 1e-5),
            center=len(weights) > 1,
            name=rebuilder.name(name, made.call.name, "layer_normalization/x"),
        )

    return whole(rebuilder.applied(make, weights, materialized(found)), found.axes)
