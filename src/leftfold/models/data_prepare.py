"""From the arguments of `fit` to batches: settings checked, data split off, held to the model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from leftfold.engine import KerasTensor
from leftfold.engine.symbolic import leaves as symbolic_leaves
from leftfold.models.data import Epochs, is_dataset, make_source
from leftfold.models.data_arrays import (
    Structure,
    check_same_rows,
    leaves,
    named_leaves,
    rebuild,
    refuse_texts,
    to_arrays,
)
from leftfold.models.data_sources import (
    Batch,
    ClassWeight,
    standard_batch,
    unpack_x_y_sample_weight,
)


def check_counts(**counts: Any) -> None:
    """Refuse settings that are given but are not positive integers."""
    for name, value in counts.items():
        if value is not None and not _is_count(value, 1):
            raise ValueError(f"{name} expected a positive integer, got {value!r}.")


def check_epochs(epochs: Any, initial_epoch: Any, validation_freq: int | Sequence[int]) -> None:
    """Refuse numbers of epochs that cannot be."""
    for name, value in (("epochs", epochs), ("initial_epoch", initial_epoch)):
        if not _is_count(value, 0):
            raise ValueError(f"{name} expected an integer of at least 0, got {value!r}.")
    listed = [validation_freq] if isinstance(validation_freq, int) else validation_freq
    if not isinstance(listed, list | tuple | set) or not all(_is_count(n, 1) for n in listed):
        raise ValueError(
            "validation_freq expected a positive integer or a list of them, got "
            f"{validation_freq!r}."
        )


def _is_count(value: Any, least: int) -> bool:
    return (
        isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) >= least
    )


def split_off(x: Any, y: Any, sample_weight: Any, validation_split: float) -> tuple[Batch, Batch]:
    """The rows to train on, and the last ones to judge on.

    Args:
        x: inputs; arrays only.
        y: targets.
        sample_weight: weights of the rows.
        validation_split: the share of rows to judge on.

    Raises:
        ValueError: for a share outside 0 to 1, one that leaves either part empty, or data that
            has no rows to be split.
    """
    if not 0 < validation_split < 1:
        raise ValueError(
            f"validation_split expected a number between 0 and 1, got {validation_split!r}."
        )
    if is_dataset(x):
        raise ValueError(
            f"validation_split expected arrays, but x is a {type(x).__name__}: give it "
            "validation_data instead."
        )
    whole = (
        to_arrays("x", x, texts=True),
        to_arrays("y", y),
        to_arrays("sample_weight", sample_weight),
    )
    rows = check_same_rows(x=whole[0], y=whole[1], sample_weight=whole[2])
    at = math.floor(rows * (1.0 - validation_split))
    if at in (0, rows):
        raise ValueError(
            f"validation_split={validation_split} expected at least one row on each side, but "
            f"there are {rows} rows in all."
        )
    return _rows_of(whole, slice(0, at)), _rows_of(whole, slice(at, rows))


def _rows_of(batch: Batch, rows: slice) -> Batch:
    x, y, sample_weight = (rebuild(part, [a[rows] for a in leaves(part)]) for part in batch)
    return x, y, sample_weight


def open_epochs(
    model: Any,
    data: Batch,
    batch_size: int | None = None,
    steps: int | None = None,
    *,
    shuffle: bool | str = False,
    class_weight: ClassWeight = None,
    finite: bool = True,
    label: str = "",
    bucket_by_length: bool = False,
    backprop_steps: int | None = None,
) -> Epochs:
    """Batches of `data`, whose first one was held against the inputs of the model.

    Args:
        model: the model they are for.
        data: inputs, targets and weights as the user gave them; or a data set and two `None`.
        batch_size: rows in a batch.
        steps: batches in an epoch, if fixed.
        shuffle: whether the order changes each epoch.
        class_weight: weights of the rows by class.
        finite: whether inputs must be finite numbers.
        label: put before argument names in messages, such as `"validation "`.
        bucket_by_length: whether batches shall hold rows of similar lengths.
        backprop_steps: the length of the windows into which a stateful model's sequences are
            cut.
    """
    x, y, sample_weight = data
    if not is_dataset(x):
        x = to_arrays(f"{label}x", x, texts=True)
        if not model.reads_texts:
            refuse_texts(f"{label}x", x)
        check_inputs(model, x, f"{label}x")
    source = make_source(
        x,
        y,
        sample_weight,
        batch_size=batch_size,
        steps=steps,
        shuffle=shuffle,
        class_weight=class_weight,
        finite=finite,
        label=label,
    )
    epochs = Epochs(source, steps)
    if is_dataset(x):
        if not model.reads_texts:
            refuse_texts(f"{label}x", epochs.first[0])
        check_inputs(model, epochs.first[0], f"{label}x")
    model._get_ready(epochs.first)
    if not is_dataset(x):
        check_values(model, x, f"{label}x")
    if bucket_by_length:
        from leftfold.models.buckets import BucketedSource

        epochs.source = BucketedSource(source, model)
    if backprop_steps is not None:
        from leftfold.models.truncation import TruncatedSource

        epochs.source = TruncatedSource(source, model, backprop_steps)
    return epochs


def check_inputs(model: Any, x: Structure, name: str) -> None:
    """Hold the inputs against those that a model with known inputs expects.

    Raises:
        ValueError: for another number of inputs, another rank, or another size where the model
            fixes one.
    """
    try:
        expected = [leaf for leaf in symbolic_leaves(model.inputs) if isinstance(leaf, KerasTensor)]
    except (AttributeError, ValueError):
        return
    if not expected or x is None or isinstance(x, Mapping):
        return
    given = list(named_leaves(name, x))
    if len(given) != len(expected):
        advice = " Make one array of its rows with numpy.array(x)." if len(expected) == 1 else ""
        raise ValueError(
            f"{name} expected {_counted(len(expected), 'array')} for the model's inputs, got "
            f"{_counted(len(given), 'array')}.{advice}"
        )
    for (label, array), tensor in zip(given, expected, strict=True):
        if not _fits(array.shape, tensor.shape, getattr(model, "any_length", False)):
            raise ValueError(
                f"{label} expected shape {_shown(tensor.shape)} for the model's input "
                f"{tensor.name}, got {_shown((None, *array.shape[1:]))}."
            )


def check_values(model: Any, x: Structure, name: str) -> None:
    """Let the layers at a model's inputs look at all that they will be given.

    Raises:
        ValueError: naming the first array with a value that one of them cannot use.
    """
    readers = model.first_layers()
    given = list(named_leaves(name, x))
    if isinstance(x, Mapping) or len(given) != len(readers):
        return
    for (label, array), layers in zip(given, readers, strict=True):
        for layer in layers:
            try:
                layer.check_data(array)
            except ValueError as error:
                raise ValueError(f"{label} cannot be used: {error}") from None


def check_alike(y: Structure, name: str, like: Structure, like_name: str) -> None:
    """Hold validation targets against those of training: as many arrays, of the same rank.

    A last axis of size 1 may be there or not, since losses and metrics make up for it.

    Raises:
        ValueError: naming the first array that differs.
    """
    given, expected = list(named_leaves(name, y)), list(named_leaves(like_name, like))
    if len(given) != len(expected):
        raise ValueError(
            f"{name} expected {_counted(len(expected), 'array')} as in {like_name}, got "
            f"{_counted(len(given), 'array')}."
        )
    for (label, array), (like_label, other) in zip(given, expected, strict=True):
        if array.ndim != other.ndim and _rank(array) != _rank(other):
            raise ValueError(
                f"{label} expected {other.ndim} axes as in {like_label}, got shape "
                f"{_shown((None, *array.shape[1:]))}."
            )


def _rank(array: Any) -> int:
    return array.ndim - (array.ndim > 1 and array.shape[-1] == 1)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _fits(shape: tuple[int, ...], expected: tuple[int | None, ...], any_length: bool) -> bool:
    """Whether the sizes agree; a last axis of size 1 may be missing or too many, as in Keras.

    With `any_length` the axis after the batch, which is time, is left to the layers.
    """
    if len(shape) == len(expected) + 1 and shape[-1] == 1:
        shape = shape[:-1]
    elif len(shape) == len(expected) - 1 and expected[-1] == 1:
        shape = (*shape, 1)
    if len(shape) != len(expected):
        return False
    first = 2 if any_length else 1
    return all(e is None or n == e for n, e in zip(shape[first:], expected[first:], strict=True))


def _shown(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join(['rows', *map(str, shape[1:])])})"


def one_batch(data: Batch, class_weight: ClassWeight = None, finite: bool = True) -> Batch:
    """The arguments of `train_on_batch` and its like as arrays."""
    x, y, sample_weight = data
    return standard_batch((x, y, sample_weight), None, class_weight, finite)


def validation_batches(validation_data: Any) -> Batch:
    """The parts of `validation_data`.

    Raises:
        ValueError: where it is a single array, which has no targets.
    """
    if is_dataset(validation_data):
        return validation_data, None, None
    if not isinstance(validation_data, list | tuple) or len(validation_data) not in (2, 3):
        raise ValueError(
            "validation_data expected (x, y), (x, y, sample_weight) or a data set, got "
            f"{type(validation_data).__name__}"
            + (f" of {len(validation_data)}." if isinstance(validation_data, list | tuple) else ".")
        )
    return unpack_x_y_sample_weight(validation_data)
