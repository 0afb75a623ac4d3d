"""The elements of data sets: arrays in tuples and dictionaries, stacked and taken apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from leftfold.engine import Tensor
from leftfold.engine.symbolic import map_structure


def is_value(leaf: Any) -> bool:
    """Whether a leaf is data itself, not a data set inside another."""
    return not hasattr(leaf, "as_numpy_iterator")


def draw(buffer: list[Any], random: np.random.Generator) -> Any:
    """Take a random element out of `buffer`."""
    place = int(random.integers(len(buffer)))
    buffer[place], buffer[-1] = buffer[-1], buffer[place]
    return buffer.pop()


def to_array(value: Any, dtype: Any = None) -> np.ndarray:
    """`value` with the types that TensorFlow gives: float32 and int32 for Python's numbers."""
    if isinstance(value, Tensor):
        array = value.data
    elif isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
    elif hasattr(value, "to_numpy"):
        array = value.to_numpy()
    else:
        array = np.asarray(value)
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        elif array.dtype == np.int64:
            array = array.astype(np.int32)
    if array.dtype.kind in "SU":
        array = array.astype(object)
    if dtype is None or str(dtype) == "string":
        return array
    return array.astype(np.dtype(str(getattr(dtype, "name", dtype))), copy=False)


def row_of(arrays: Any, row: int) -> Any:
    """One row of each array of a structure."""
    return map_structure(lambda array: array[row], arrays)


def to_arrays(structure: Any) -> Any:
    """A structure with every tensor or number as an array."""
    return map_structure(lambda leaf: to_array(leaf) if is_value(leaf) else leaf, structure)


def to_tensors(element: Any) -> Any:
    """A structure with every array as a tensor."""
    return map_structure(lambda leaf: Tensor(np.asarray(leaf)) if is_value(leaf) else leaf, element)


def call_with(function: Callable[..., Any], element: Any) -> Any:
    """`function` of an element; the parts of a tuple are its arguments."""
    tensors = to_tensors(element)
    return function(*tensors) if isinstance(tensors, tuple) else function(tensors)


def as_structure(structure: Any) -> Any:
    """Tuples and dictionaries are structure; a list is an array, as in TensorFlow."""
    if isinstance(structure, tuple):
        return tuple(as_structure(item) for item in structure)
    if isinstance(structure, dict):
        return {key: as_structure(item) for key, item in structure.items()}
    return to_array(structure) if isinstance(structure, list) else structure


def typed(element: Any, types: Any) -> Any:
    """An element's parts as arrays of the types given in its structure, if they are."""
    if isinstance(element, tuple):
        each = [None] * len(element) if types is None else types
        return tuple(typed(part, kind) for part, kind in zip(element, each, strict=True))
    if isinstance(element, dict):
        return {key: typed(part, types and types[key]) for key, part in element.items()}
    return to_array(element, getattr(types, "dtype", types))


def stack(elements: list[Any]) -> Any:
    """Several elements as one with a first axis more.

    Raises:
        ValueError: where shapes differ.
    """
    first = elements[0]
    if isinstance(first, tuple):
        return tuple(stack([element[i] for element in elements]) for i in range(len(first)))
    if isinstance(first, dict):
        return {key: stack([element[key] for element in elements]) for key in first}
    shapes = {np.shape(element) for element in elements}
    if len(shapes) > 1:
        raise ValueError(
            "Dataset.batch expected elements of one shape, got "
            f"{' and '.join(map(str, sorted(shapes)[:2]))}: use padded_batch."
        )
    return np.stack(elements)


def stack_padded(elements: list[Any], shapes: Any, values: Any) -> Any:
    """The same, with shorter arrays filled up at their end.

    Args:
        elements: of one structure.
        shapes: the shape to fill up to for each array, in that structure; `None` (and -1 for a
            size) for the longest of the elements.
        values: what to fill with, in that structure or one for all; `None` for zeros.
    """
    first = elements[0]
    if not isinstance(first, tuple | dict):
        return _pad(elements, shapes, values)

    def part(key: Any) -> Any:
        value = values[key] if isinstance(values, tuple | list | dict) else values
        shape = None if shapes is None else shapes[key]
        return stack_padded([element[key] for element in elements], shape, value)

    if isinstance(first, dict):
        return {key: part(key) for key in first}
    return tuple(part(index) for index in range(len(first)))


def _pad(arrays: list[np.ndarray], shape: Any, value: Any) -> np.ndarray:
    longest = np.max([array.shape for array in arrays], axis=0, initial=0).astype(int)
    if shape is not None:
        for axis, n in enumerate(shape):
            if n is None or n == -1:
                continue
            if n < longest[axis]:
                raise ValueError(
                    f"Dataset.padded_batch expected at most {n} along axis {axis}, got "
                    f"{longest[axis]}."
                )
            longest[axis] = n
    if value is None:
        value = "" if arrays[0].dtype == object else 0
    out = np.full((len(arrays), *longest), value, arrays[0].dtype)
    for place, array in enumerate(arrays):
        filled: tuple[Any, ...] = (place, *(slice(0, n) for n in array.shape))
        out[filled] = array
    return out
