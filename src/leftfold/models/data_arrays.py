"""What users hand to `fit`, made into NumPy arrays, and refused with a reason where it cannot be.

A *structure* is an array, a list of arrays or a dictionary of arrays: one per input or output
of the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from leftfold.engine import Tensor, config
from leftfold.engine.tensor import is_text

Structure = Any
"""An array, a list of arrays, or a dictionary of arrays."""

_NUMBERS = "biuf"


def to_arrays(name: str, value: Any, texts: bool = False) -> Structure:
    """`value` as a structure of NumPy arrays; `None` stays `None`.

    Args:
        name: what the user calls it, for messages: `"x"`.
        value: an array, a tensor, a data frame, numbers in nested lists, or a list or
            dictionary of such.
        texts: whether arrays of texts are let through.

    Raises:
        ValueError: where it does not consist of numbers, or has no rows.
    """
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {key: to_array(f"{name}[{key!r}]", item, texts) for key, item in value.items()}
    if isinstance(value, list | tuple) and _holds_arrays(value):
        return [to_array(f"{name}[{index}]", item, texts) for index, item in enumerate(value)]
    return to_array(name, value, texts)


def to_array(name: str, value: Any, texts: bool = False) -> np.ndarray:
    """`value` as one array of numbers (or `texts`) with at least one row."""
    if isinstance(value, Tensor):
        array = value.data
    elif isinstance(value, np.ndarray):
        array = value
    elif hasattr(value, "to_numpy"):
        array = _from_frame(name, value)
    elif hasattr(value, "toarray"):
        kind = type(value).__name__
        raise ValueError(f"{name} expected a dense array, got {kind}: use its toarray().")
    else:
        array = _from_nested(name, value)
    if texts and _holds_texts(array):
        array = array.astype(object)
    elif array.dtype.kind not in _NUMBERS:
        raise ValueError(_not_numbers(name, array))
    if array.ndim == 0:
        raise ValueError(f"{name} expected an array of rows, got the number {value}.")
    if len(array) == 0:
        raise ValueError(f"{name} expected at least one row, got an array of shape {array.shape}.")
    return array


def _holds_texts(array: np.ndarray) -> bool:
    return is_text(array.dtype) and array.size > 0 and isinstance(array.flat[0], str | bytes)


def refuse_texts(name: str, structure: Structure) -> None:
    """Say how texts become numbers, for a model that reads numbers.

    Raises:
        ValueError: naming the first array of texts.
    """
    for label, array in named_leaves(name, structure):
        if is_text(array.dtype):
            raise ValueError(_not_numbers(label, array))


def _holds_arrays(value: list[Any] | tuple[Any, ...]) -> bool:
    return bool(value) and all(
        isinstance(item, Tensor) or (hasattr(item, "shape") and len(item.shape) > 0)
        for item in value
    )


def _from_frame(name: str, frame: Any) -> np.ndarray:
    array = np.asarray(frame.to_numpy())
    if array.dtype.kind in _NUMBERS:
        return array
    columns: Any = getattr(frame, "dtypes", None)
    for column, dtype in columns.items() if hasattr(columns, "items") else ():
        if getattr(dtype, "kind", "O") not in _NUMBERS:
            raise ValueError(
                f"{name} expected numbers, but its column {column!r} has dtype {dtype}: "
                "turn it into numbers or drop it first."
            )
    try:
        return array.astype(config.floatx())
    except (TypeError, ValueError):
        return array


def _from_nested(name: str, value: Any) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(_ragged(name)) from None
    if array.dtype == object and array.ndim and any(isinstance(v, list | tuple) for v in array):
        raise ValueError(_ragged(name))
    return array


def _ragged(name: str) -> str:
    return (
        f"{name} expected rows of one length, got rows of several: make them equally long "
        "with leftfold.preprocessing.sequence.pad_sequences."
    )


def _not_numbers(name: str, array: np.ndarray) -> str:
    if array.dtype == object and array.ndim == 1 and array.size and np.ndim(array[0]) > 0:
        return _ragged(name)
    example = repr(array.flat[0]) if array.size else ""
    example = example if len(example) <= 40 else example[:37] + "..."
    advice = "convert it, for example with x.astype('float32')."
    if array.size and is_text(array.dtype) and isinstance(array.flat[0], str | bytes):
        advice = (
            "number the classes first, for example with numpy.unique(y, return_inverse=True)."
            if name.removeprefix("validation ").startswith("y")
            else "turn texts into numbers first, with leftfold.preprocessing.text.Tokenizer and "
            "pad_sequences, or a TextVectorization as the first layer."
        )
    return f"{name} expected numbers, got dtype {array.dtype} (such as {example}): {advice}"


def leaves(structure: Structure) -> list[np.ndarray]:
    """The arrays of a structure in its own order."""
    if structure is None:
        return []
    if isinstance(structure, Mapping):
        return list(structure.values())
    if isinstance(structure, list | tuple):
        return list(structure)
    return [structure]


def named_leaves(name: str, structure: Structure) -> Iterator[tuple[str, np.ndarray]]:
    """Each array of a structure with what to call it in a message."""
    if isinstance(structure, Mapping):
        for key, array in structure.items():
            yield f"{name}[{key!r}]", array
    elif isinstance(structure, list | tuple):
        for index, array in enumerate(structure):
            yield f"{name}[{index}]", array
    elif structure is not None:
        yield name, structure


def rebuild(structure: Structure, arrays: list[Any]) -> Structure:
    """A structure like `structure` that holds `arrays`."""
    if structure is None:
        return None
    if isinstance(structure, Mapping):
        return dict(zip(structure, arrays, strict=True))
    if isinstance(structure, list | tuple):
        return list(arrays)
    return arrays[0]


def row_count(structure: Structure) -> int:
    """How many rows the first array of a structure has."""
    if type(structure) is Tensor:
        return len(structure.data)
    return len(leaves(structure)[0])


def check_same_rows(**structures: Structure) -> int:
    """The number of rows, which all arrays must share.

    Raises:
        ValueError: naming two arrays that differ, with both numbers.
    """
    first: tuple[str, int] | None = None
    for label, structure in structures.items():
        for name, array in named_leaves(label, structure):
            if first is None:
                first = (name, len(array))
            elif len(array) != first[1]:
                raise ValueError(
                    f"{first[0]} and {name} expected the same number of rows, got {first[1]} rows "
                    f"in {first[0]} and {len(array)} in {name}."
                )
    assert first is not None
    return first[1]


def check_finite(name: str, structure: Structure, where: str = "") -> None:
    """Refuse NaN and infinity, naming the first row that has one.

    One sum over the array finds out whether there is any: it is finite only if every element
    is.

    Args:
        name: what the user calls the structure.
        structure: the arrays.
        where: added to the message, such as `" of batch 7"`.

    Raises:
        ValueError: where a number is not finite, or not in the default float type.
    """
    for label, array in named_leaves(name, structure):
        if array.dtype.kind != "f":
            continue
        with np.errstate(over="ignore", invalid="ignore"):
            total = array.sum(dtype=np.float32 if array.dtype.itemsize < 4 else None)
        if np.isfinite(total):
            _check_fits(f"{label}{where}", array)
            continue
        per_row = array.reshape(len(array), -1)
        bad = [i for i in range(len(array)) if not np.isfinite(per_row[i]).all()]
        if bad:
            row = per_row[bad[0]]
            value = row[~np.isfinite(row)][0]
            raise ValueError(
                f"{label}{where} expected finite numbers, got {value} in row {bad[0]} "
                f"({len(bad)} of {len(array)} rows have such values)."
            )
        _check_fits(f"{label}{where}", array)


def _check_fits(label: str, array: np.ndarray) -> None:
    """Refuse numbers that become infinite in the default float type, which batches have."""
    floatx = np.dtype(config.floatx())
    if array.dtype.itemsize <= floatx.itemsize or array.size == 0:
        return
    largest = max(array.max(), -array.min())
    if largest > np.finfo(floatx).max:
        raise ValueError(
            f"{label} expected numbers that {floatx} can hold, got one of size {largest:.3g}."
        )


def class_weights_to_sample_weights(y: Structure, class_weight: Mapping[int, float]) -> np.ndarray:
    """The weight of each row by the class it belongs to; 1 for a class without a weight.

    Args:
        y: class numbers `(rows,)` or `(rows, 1)`, or one-hot rows `(rows, classes)`.
        class_weight: weight by class number.
    """
    if not isinstance(y, np.ndarray):
        raise ValueError("class_weight expected a model with one output, got several targets.")
    if not isinstance(class_weight, Mapping):
        raise ValueError(
            "class_weight expected a dictionary from class number to weight, got "
            f"{type(class_weight).__name__}."
        )
    if y.ndim > 1:
        y = np.argmax(y, axis=-1) if y.shape[-1] != 1 else y[..., 0]
    classes, which = np.unique(np.rint(y).astype(np.int64), return_inverse=True)
    weights = [class_weight.get(int(number), 1.0) for number in classes]
    return np.asarray(weights, config.floatx())[which].reshape(y.shape)
