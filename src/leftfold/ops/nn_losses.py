"""Cross-entropies: how surprised a prediction is by what came."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.config import epsilon
from leftfold.engine.kernels import kernel as find_kernel
from leftfold.engine.primitive import primitive
from leftfold.engine.tensor import as_full_array
from leftfold.ops.dtypes import alike, floating
from leftfold.ops.fused import check_range, softmax_cross_entropy_values
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
    return binary_crossentropy_values(target, output, from_logits, needs)


def binary_crossentropy_values(target: Any, output: Any, from_logits: bool, needs: Any) -> Any:
    """The losses of arrays, and the function that carries their gradient back."""
    target, output = _pair(target, output)
    if from_logits:
        losses = softplus_values(output) - target * output

        def vjp(dy: Any) -> Any:
            return (
                -dy * output if needs[0] else None,
                dy * (sigmoid_values(output) - target) if needs[1] else None,
            )

        return losses, vjp

    dtype = np.result_type(target, output)
    flat = [np.ascontiguousarray(array, dtype).reshape(-1) for array in (target, output)]
    losses, slopes = find_kernel("binary_crossentropy", dtype)(*flat, epsilon(), 1 - epsilon())

    def clipped_vjp(dy: Any) -> Any:
        dtarget = doutput = None
        if needs[0]:
            p = np.clip(output, output.dtype.type(epsilon()), output.dtype.type(1 - epsilon()))
            dtarget = (dy * (np.log(1 - p) - np.log(p))).astype(target.dtype, copy=False)
        if needs[1]:
            doutput = (dy * slopes.reshape(output.shape)).astype(output.dtype, copy=False)
        return dtarget, doutput

    return losses.reshape(output.shape), clipped_vjp


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


@primitive
def sparse_categorical_crossentropy(
    target: Any, output: Any, /, from_logits: bool = False, axis: int = -1
) -> Any:
    """Minus the logarithm of the probability predicted for the right class.

    Args:
        target: class numbers, of the shape of `output` without the axis of the classes (which
            may also be there, last and of size 1).
        output: predictions, which are divided by their sum and kept at `epsilon` from 0 and 1
            to give probabilities, or logits.
        from_logits: whether `output` holds logits.
        axis: the axis of the classes.

    Raises:
        ValueError: for shapes that do not fit, or a class that does not exist.
    """
    labels, output = as_full_array(target), floating(as_full_array(output))
    classes_last = axis in (-1, output.ndim - 1)
    scores = output if classes_last else np.moveaxis(output, axis, -1)
    if labels.ndim == scores.ndim and labels.shape[-1] == 1:
        labels = labels[..., 0]
    compute = softmax_cross_entropy_values if from_logits else _of_probabilities
    losses, rows_vjp = compute(labels, scores)

    def vjp(dy: Any) -> Any:
        dscores = rows_vjp(dy)[1]
        return None, dscores if classes_last else np.moveaxis(dscores, -1, axis)

    return losses, vjp


def _of_probabilities(labels: np.ndarray, output: np.ndarray) -> Any:
    """`-log(output[label] / sum(output))` for each row, and the gradient."""
    classes = output.shape[-1]
    if labels.shape != output.shape[:-1]:
        raise ValueError(
            f"target expected the shape of output without the axis of the classes, "
            f"{output.shape[:-1]}, got {labels.shape}."
        )
    check_range(labels, classes, "sparse_categorical_crossentropy", "label")
    places = np.ascontiguousarray(labels, np.int32).reshape(-1)
    rows = np.ascontiguousarray(output).reshape(labels.size, classes)
    compute = find_kernel("sparse_crossentropy", output.dtype)
    losses, *slopes = compute(rows, places, epsilon(), 1 - epsilon())

    def vjp(dy: Any) -> Any:
        carry_back = find_kernel("sparse_crossentropy_gradient", output.dtype)
        dy = np.ascontiguousarray(dy, output.dtype).reshape(-1)
        return None, carry_back(places, dy, *slopes, classes).reshape(output.shape)

    return losses.reshape(labels.shape), vjp
