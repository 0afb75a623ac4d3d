"""Losses of predicted probabilities.

Probabilities are kept `epsilon` away from 0 and 1 before the logarithm is taken, as in Keras.
Where predictions can come that near to them, train on logits (`from_logits=True`): exact at any
size, and faster.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine import config
from leftfold.engine.primitive import primitive
from leftfold.losses.reduction import with_mean
from leftfold.losses.regression import aligned
from leftfold.ops.nn_losses import binary_crossentropy_values


def _same_shape(name: str, y_true: Any, y_pred: Any, hint: str = "") -> tuple[Any, Any]:
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true, y_pred.dtype)
    if tuple(y_true.shape) != tuple(y_pred.shape):
        raise ValueError(
            f"{name} expected y_true and y_pred of one shape, got {tuple(y_true.shape)} and "
            f"{tuple(y_pred.shape)}.{hint}"
        )
    return y_true, y_pred


@primitive
def _mean_of_binary_crossentropies(y_true: Any, y_pred: Any, /, *, needs: Any = ()) -> Any:
    losses, vjp = binary_crossentropy_values(y_true, y_pred, False, needs)
    share = losses.dtype.type(1 / max(losses.size, 1))
    return np.add.reduce(losses, axis=None) * share, lambda dy: vjp(dy * share)


@with_mean(
    lambda y_true, y_pred: _mean_of_binary_crossentropies(
        *_same_shape("binary_crossentropy", y_true, y_pred)
    )
)
def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """`mean(-y_true * log(p) - (1 - y_true) * log(1 - p))`.

    Args:
        y_true: 0, 1, or a probability between them, `(batch, ..., outputs)`.
        y_pred: probabilities `p`, shaped alike; logits with `from_logits`.
        from_logits: whether `y_pred` are numbers before the sigmoid.
        label_smoothing: how far targets are drawn towards 1/2, from 0 to 1.
        axis: along which the mean is taken.

    Returns:
        One loss per sample, `(batch, ...)`.
    """
    y_true, y_pred = _same_shape("binary_crossentropy", y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits), axis=axis)


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Binary cross-entropy times `(1 - probability of the truth) ** gamma`.

    Lin, Goyal, Girshick, He and Dollár, "Focal Loss for Dense Object Detection", 2017.

    Args:
        y_true: 0, 1, or a probability between them, `(batch, ..., outputs)`.
        y_pred: probabilities, shaped alike; logits with `from_logits`.
        apply_class_balancing: whether class 1 counts `alpha` and class 0 `1 - alpha`.
        alpha: weight of class 1.
        gamma: how strongly easy samples are discounted.
        from_logits: whether `y_pred` are numbers before the sigmoid.
        label_smoothing: how far targets are drawn towards 1/2, from 0 to 1.
        axis: along which the mean is taken.
    """
    y_true, p = _same_shape("binary_focal_crossentropy", y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        p = ops.sigmoid(p)
    truth = y_true * p + (1 - y_true) * (1 - p)
    losses = ops.power(1.0 - truth, gamma) * ops.binary_crossentropy(y_true, p)
    if apply_class_balancing:
        losses = (y_true * alpha + (1 - y_true) * (1 - alpha)) * losses
    return ops.mean(losses, axis=axis)


def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """`-sum(y_true * log(p))`, where `p` are the predictions divided by their sum.

    Args:
        y_true: the probability of each class, `(batch, ..., classes)`; usually 0 and 1.
        y_pred: probabilities, shaped alike; logits with `from_logits`.
        from_logits: whether `y_pred` are numbers before the softmax.
        label_smoothing: how far targets are drawn towards equal probabilities, from 0 to 1.
        axis: the axis of the classes.

    Returns:
        One loss per sample, `(batch, ...)`.
    """
    y_true, y_pred = _one_hot_pair("categorical_crossentropy", y_true, y_pred, label_smoothing)
    return ops.categorical_crossentropy(y_true, y_pred, from_logits, axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """`-sum(alpha * (1 - p) ** gamma * y_true * log(p))`; see `binary_focal_crossentropy`.

    Args:
        y_true: the probability of each class, `(batch, ..., classes)`.
        y_pred: probabilities, shaped alike; logits with `from_logits`.
        alpha: weight of the loss, or of each class.
        gamma: how strongly easy samples are discounted.
        from_logits: whether `y_pred` are numbers before the softmax.
        label_smoothing: how far targets are drawn towards equal probabilities, from 0 to 1.
        axis: the axis of the classes.
    """
    name = "categorical_focal_crossentropy"
    y_true, y_pred = _one_hot_pair(name, y_true, y_pred, label_smoothing)
    p = ops.softmax(y_pred, axis=axis) if from_logits else y_pred
    p = p / ops.sum(p, axis=axis, keepdims=True)
    p = ops.clip(p, config.epsilon(), 1.0 - config.epsilon())
    weight = ops.multiply(ops.power(1.0 - p, gamma), alpha)
    return -ops.sum(weight * y_true * ops.log(p), axis=axis)


def _one_hot_pair(name: str, y_true: Any, y_pred: Any, label_smoothing: float) -> tuple[Any, Any]:
    hint = f" For class numbers, use sparse_{name}." if "focal" not in name else ""
    y_true, y_pred = _same_shape(name, y_true, y_pred, hint)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[-1]
    return y_true, y_pred


def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Any:
    """Minus the logarithm of the probability predicted for the right class.

    Args:
        y_true: class numbers, `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: probabilities `(batch, ..., classes)`; logits with `from_logits`.
        from_logits: whether `y_pred` are numbers before the softmax.
        ignore_class: a class number that means "does not count", such as -1 or a padding id.
        axis: the axis of the classes.

    Returns:
        One loss per label, with a mask where `ignore_class` is given.

    Raises:
        ValueError: for shapes that do not fit, or a label that is not a class.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[axis] == 1:
        y_true = ops.squeeze(y_true, axis)
    _check_label_shape(y_true, y_pred, axis)
    y_true = _whole_numbers(y_true)
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits, axis)
    counts = ops.not_equal(y_true, ignore_class)
    # Ignored rows are made harmless first, so that not even their NaNs get through.
    y_true = ops.where(counts, y_true, 0)
    y_pred = ops.where(ops.expand_dims(counts, axis), y_pred, 0 if from_logits else 1)
    losses = ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits, axis)
    losses = ops.where(counts, losses, 0.0)
    losses._keras_mask = counts
    return losses


def _check_label_shape(y_true: Any, y_pred: Any, axis: int) -> None:
    name = "sparse_categorical_crossentropy"
    expected = list(y_pred.shape)
    del expected[axis]
    if tuple(y_true.shape) != tuple(expected):
        raise ValueError(
            f"{name} expected one class number per prediction: y_true of shape "
            f"{tuple(expected)} for y_pred of shape {tuple(y_pred.shape)}, got "
            f"{tuple(y_true.shape)}. For one-hot targets, use categorical_crossentropy."
        )


@primitive
def _whole_numbers(labels: Any, /) -> Any:
    """The labels, refused if there are fractions among them."""
    if labels.dtype.kind == "f" and not np.array_equal(labels, np.trunc(labels)):
        raise ValueError(
            "sparse_categorical_crossentropy expected whole numbers as labels, got fractions."
        )
    return labels, None


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """`sum(y_true * log(y_true / y_pred))`, both kept between epsilon and 1.

    Kullback and Leibler, "On Information and Sufficiency", 1951.

    Args:
        y_true: probabilities, `(batch, ..., classes)`.
        y_pred: probabilities, shaped alike.
    """
    y_true, y_pred = aligned(y_true, y_pred)
    y_true = ops.clip(y_true, config.epsilon(), 1)
    y_pred = ops.clip(y_pred, config.epsilon(), 1)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """`mean(y_pred - y_true * log(y_pred + epsilon))`: counts whose mean is predicted.

    Args:
        y_true: counts, `(batch, ..., features)`.
        y_pred: positive means, shaped alike.
    """
    y_true, y_pred = aligned(y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + config.epsilon()), axis=-1)
