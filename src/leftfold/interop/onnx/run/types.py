"""Element types, attributes and constants of ONNX as those of NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from leftfold.engine.quantization import from_bfloat16
from leftfold.interop.onnx.export.writing import import_onnx_package
from leftfold.interop.onnx.run.external import ExternalData
from leftfold.saving import SavingError

TYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64",
    9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64",
}  # fmt: skip
"""The numbers of `TensorProto.DataType`."""

BFLOAT16 = 16

MOST_AXES = 64
"""As many as an array of NumPy can have."""

LARGEST_SIZE = 1 << 40

_LONGEST_LIST = 1 << 20
"""Numbers in one attribute that is no tensor."""

_FIELDS = {
    1: "float_data", 2: "int32_data", 3: "int32_data", 4: "int32_data", 5: "int32_data",
    6: "int32_data", 7: "int64_data", 9: "int32_data", 10: "int32_data", 11: "double_data",
    12: "uint64_data", 13: "uint64_data", 16: "int32_data",
}  # fmt: skip
"""Where a tensor keeps its numbers that is not given as bytes."""


def type_of(number: int, what: str) -> np.dtype[Any]:
    """The NumPy type for one of ONNX.

    Raises:
        ValueError: for types that are not supported: strings, complex numbers, bfloat16 (which
            constants may have) and floating point of 8 bits and fewer.
    """
    if number not in TYPES:
        raise ValueError(f"{what} has an element type that is not supported (number {number}).")
    return np.dtype(TYPES[number])


def array_of(tensor: Any, external: ExternalData, what: str) -> np.ndarray:
    """The values of a `TensorProto`.

    Args:
        tensor: the tensor.
        external: the files in which its data may lie.
        what: how to speak of it.

    Raises:
        SavingError: when its data are not as many as its shape says, or lie elsewhere.
    """
    number = tensor.data_type
    if number != BFLOAT16 and number not in TYPES:
        raise SavingError(f"{what} has an element type that is not supported (number {number}).")
    if len(tensor.dims) > MOST_AXES:
        raise SavingError(f"{what} was refused: it has {len(tensor.dims)} axes.")
    shape = tuple(tensor.dims)
    if any(not 0 <= n <= LARGEST_SIZE for n in shape):
        raise SavingError(f"{what} was refused: it has an impossible size in {shape}.")
    stored = np.dtype("<u2") if number == BFLOAT16 else np.dtype(TYPES[number]).newbyteorder("<")
    size = math.prod(shape)
    if tensor.data_location == 1:
        content = external.content(tensor, size * stored.itemsize, what)
    elif tensor.HasField("raw_data"):
        content = tensor.raw_data
    else:
        return _from_numbers(tensor, number, shape, size, what)
    if len(content) != size * stored.itemsize:
        raise SavingError(
            f"{what} was refused: shape {shape} needs {size * stored.itemsize} bytes, it has "
            f"{len(content)}."
        )
    values = np.frombuffer(content, stored).reshape(shape)
    if number == BFLOAT16:
        return from_bfloat16(values)
    return values.astype(TYPES[number], copy=False)


def _from_numbers(
    tensor: Any, number: int, shape: tuple[int, ...], size: int, what: str
) -> np.ndarray:
    numbers = getattr(tensor, _FIELDS[number])
    if len(numbers) != size:
        raise SavingError(
            f"{what} was refused: shape {shape} needs {size} numbers, it has {len(numbers)}."
        )
    if number in (10, BFLOAT16):
        bits = np.fromiter(numbers, np.int64, size).astype(np.uint16).reshape(shape)
        return from_bfloat16(bits) if number == BFLOAT16 else bits.view(np.float16)
    stored = "int32" if TYPES[number] == "bool" else TYPES[number]
    try:
        return np.fromiter(numbers, stored, size).astype(TYPES[number]).reshape(shape)
    except OverflowError as error:
        raise SavingError(f"{what} was refused: a number is out of range: {error}.") from error


def attributes_of(node: Any, external: ExternalData) -> dict[str, Any]:
    """The attributes of a node.

    Raises:
        SavingError: for attributes of kinds that no supported operator has, such as graphs.
    """
    kinds = import_onnx_package().AttributeProto
    readers = {
        kinds.FLOAT: lambda a: float(a.f),
        kinds.INT: lambda a: int(a.i),
        kinds.STRING: lambda a: bytes(a.s).decode("utf-8", "replace"),
        kinds.FLOATS: lambda a: [float(x) for x in a.floats],
        kinds.INTS: lambda a: [int(x) for x in a.ints],
        kinds.STRINGS: lambda a: [bytes(x).decode("utf-8", "replace") for x in a.strings],
        kinds.TENSOR: lambda a: array_of(a.t, external, f"Attribute {a.name} of {node.op_type}"),
    }
    found = {}
    for attribute in node.attribute:
        if attribute.type not in readers:
            raise SavingError(
                f"{node.op_type} {node.name}: its attribute {attribute.name} is of a kind that is "
                "not supported."
            )
        if len(attribute.floats) + len(attribute.ints) + len(attribute.strings) > _LONGEST_LIST:
            raise SavingError(
                f"{node.op_type} {node.name}: its attribute {attribute.name} has more than "
                f"{_LONGEST_LIST} entries."
            )
        found[attribute.name] = readers[attribute.type](attribute)
    return found
