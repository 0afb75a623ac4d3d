"""Cross-entropies: how surprised a prediction is by what came."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.config import epsilon
from leftfold.engine.primitive import primitive
from leftfold.engine.tensor import as_full_array
from leftfold.ops.dtypes import alike, floating
from leftfold.ops.fused import softmax_cross_entropy
from leftfold.ops.nn import log_softmax_values, sigmoid_values, softplus_values


def _pair(target: Any, output: Any) -> tuple[np.ndarray, np.ndarray]:
    target, output = alike(as_full_array(target), floating(as_full_array(output)))
    if target.shape != output.shape:
        raise ValueError(
            f"target and output expected to have one shape, got {target.shape} and {output.shape}."
        )
    return target, output


@primitive
def binary_crossentropy(
    target: Any, output: Any, /, from_logits: bool = False, *, needs: Any = ()
) -> Any:
    """`-target * log(p) - (1 - target) * log(1 - p)`, element by element.

    Args:
        target: 0, 1 or a probability.
        output: of the shape of `target`; the predicted probability `p` (kept at `epsilon` from
            0 and 1), or its logit.
        from_logits: whether `output` holds logits.
        needs: which tensors need a gradient; given by the tape.
    """
    target, output = _pair(target, output)
    if from_logits:
        losses = softplus_values(output) - target * output

        def vjp(dy: Any) -> Any:
            return (
                -dy * output if needs[0] else None,
                dy * (sigmoid_values(output) - target) if needs[1] else None,
            )

        return losses, vjp

    low, high = output.dtype.type(epsilon()), output.dtype.type(1 - epsilon())
    p = np.clip(output, low, high)
    log_p, log_not_p = np.log(p), np.log(1 - p)

    def clipped_vjp(dy: Any) -> Any:
        inside = (output >= low) & (output <= high)
        return (
            dy * (log_not_p - log_p) if needs[0] else None,
            dy * inside * (p - target) / (p * (1 - p)) if needs[1] else None,
        )

    return -(target * log_p + (1 - target) * log_not_p), clipped_vjp


@primitive
def categorical_crossentropy(
    target: Any, output: Any, /, from_logits: bool = False, axis: int = -1, *, needs: Any = ()
) -> Any:
    """`-sum(target * log(p))` along the axis of the classes.

    Args:
        target: the probability of each class, usually one-hot.
        output: of the shape of `target`; predictions, which are divided by their sum and kept
            at `epsilon` from 0 and 1 to give `p`, or logits.
        from_logits: whether `output` holds logits.
        axis: the axis of the classes.
        needs: which tensors need a gradient; given by the tape.
    """
    target, output = _pair(target, output)
    if output.ndim < 1:
        raise ValueError("target and output expected at least one axis, that of the classes.")
    if from_logits:
        log_p = log_softmax_values(output, axis)
        slope = None
    else:
        total = np.sum(output, axis=axis, keepdims=True)
        share = output / total
        low, high = epsilon(), 1 - epsilon()
        log_p = np.log(np.clip(share, low, high))
        slope = ((share >= low) & (share <= high)) / np.clip(share, low, high)

    def vjp(dy: Any) -> Any:
        dy = np.expand_dims(dy, axis)
        dtarget = -dy * log_p if needs[0] else None
        if not needs[1]:
            return dtarget, None
        if slope is None:
            weight = np.sum(target, axis=axis, keepdims=True)
            return dtarget, dy * (weight * np.exp(log_p) - target)
        pull = target * slope
        centre = np.sum(pull * share, axis=axis, keepdims=True)
        return dtarget, (dy * (centre - pull) / total).astype(output.dtype, copy=False)

    return -np.sum(target * log_p, axis=axis), vjp


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """Minus the logarithm of the probability predicted for the right class.

    Args:
        target: class numbers, of the shape of `output` without the axis of the classes (which
            may also be there with size 1).
        output: predictions, which are divided by their sum and kept at `epsilon` from 0 and 1,
            or logits.
        from_logits: whether `output` holds logits.
        axis: the axis of the classes.

    Raises:
        ValueError: for shapes that do not fit, or a class that does not exist.
    """
    from leftfold.ops.creation import shape
    from leftfold.ops.shape import moveaxis, squeeze

    classes_last = axis in (-1, len(shape(output)) - 1)
    if not classes_last:
        output = moveaxis(output, axis, -1)
    target_shape, output_shape = shape(target), shape(output)
    if len(target_shape) == len(output_shape) and target_shape[-1] == 1:
        target = squeeze(target, -1)
    if from_logits:
        return softmax_cross_entropy(target, output)
    return _negative_log_share(target, output)


@primitive
def _negative_log_share(target: Any, output: Any, /) -> Any:
    """`-log(output[target] / sum(output))` for each row."""
    target, output = as_full_array(target), floating(as_full_array(output))
    classes = output.shape[-1]
    if target.shape != output.shape[:-1]:
        raise ValueError(
            f"target expected the shape of output without the axis of the classes, "
            f"{output.shape[:-1]}, got {target.shape}."
        )
    places = target.astype(np.int64)[..., None]
    if places.size and not 0 <= places.min() <= places.max() < classes:
        wrong = places[(places < 0) | (places >= classes)][0]
        raise ValueError(
            f"target expected classes from 0 to {classes - 1} ({classes} in all), got {wrong}."
        )
    low, high = epsilon(), 1 - epsilon()
    total = np.sum(output, axis=-1, keepdims=True)
    chosen = np.take_along_axis(output, places, -1)
    share = chosen / total

    def vjp(dy: Any) -> Any:
        inside = (share >= low) & (share <= high)
        slope = (dy[..., None] * inside / total).astype(output.dtype)
        doutput = np.repeat(slope, classes, -1)
        np.put_along_axis(doutput, places, slope - slope / np.clip(share, low, high), -1)
        return None, doutput

    return -np.log(np.clip(share, low, high))[..., 0], vjp
