"""ONNX files read with care: what is in them is checked before it is believed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from leftfold.interop.onnx.outline import outline, parsed
from leftfold.interop.onnx.run.external import ExternalData
from leftfold.interop.onnx.run.operators import LIMITS, OPERATORS, Call
from leftfold.interop.onnx.run.types import LARGEST_SIZE, TYPES, array_of, attributes_of, type_of
from leftfold.saving import SavingError

_LARGEST_FILE = 2 << 30
"""Protocol buffers end there."""
_MOST_NODES = 50_000
_DOMAINS = ("", "ai.onnx")
_OLDEST, _NEWEST = 6, 100


class Value(NamedTuple):
    """An input or output of a graph."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int | str | None, ...] | None
    """Sizes; a name or `None` where open. `None` for any shape."""


class Step(NamedTuple):
    """One node: what runs, what it reads and what it names."""

    call: Call
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class Program(NamedTuple):
    """A graph that was found sound."""

    inputs: list[Value]
    outputs: list[Value]
    constants: dict[str, np.ndarray]
    steps: list[Step]


def read_file(path: Any) -> Program:
    """The program in a file.

    Raises:
        SavingError: when the file is missing, no ONNX model, or not sound.
        ImportError: when the package `onnx` is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise SavingError(f"{path} does not exist or is not a file.")
    if os.path.getsize(path) > _LARGEST_FILE:
        raise SavingError(f"{path} was refused: it is larger than {_LARGEST_FILE} bytes.")
    try:
        outline(path)  # what parsing would fill memory with is refused before it is parsed
        content = path.read_bytes()
    except OSError as error:
        raise SavingError(f"{path} cannot be read: {error.strerror or error}.") from error
    model = parsed(content, path)
    try:
        return read_model(model, path.parent)
    except SavingError as error:
        raise SavingError(f"{path}: {error}") from error


def read_model(model: Any, folder: Path | None = None) -> Program:
    """The program of a `ModelProto`.

    Args:
        model: the model.
        folder: where its external data lie, if it may have any.

    Raises:
        SavingError: when it is not sound, or has operators that are not supported.
    """
    version = _version(model)
    graph = model.graph
    if len(graph.node) > _MOST_NODES:
        raise SavingError(f"The model was refused: it has more than {_MOST_NODES} nodes.")
    if model.functions:
        raise SavingError("The model has functions of its own, which are not supported.")
    if graph.sparse_initializer:
        raise SavingError("The model has sparse constants, which are not supported.")
    external = ExternalData(folder)
    constants = {}
    for tensor in graph.initializer:
        if tensor.name in constants or not tensor.name:
            raise SavingError(f"The model was refused: two constants are called {tensor.name!r}.")
        constants[tensor.name] = _frozen(array_of(tensor, external, f"Constant {tensor.name}"))
    inputs = [_value(item) for item in graph.input if item.name not in constants]
    known = {value.name for value in inputs} | set(constants)
    if len(known) < len(inputs) + len(constants):
        raise SavingError("The model was refused: two of its inputs have the same name.")
    steps = _steps(graph.node, version, known, external)
    outputs = [_value(item) for item in graph.output]
    if len({value.name for value in outputs}) < len(outputs):
        raise SavingError("The model was refused: two of its outputs have the same name.")
    for value in outputs:
        if value.name not in known:
            raise SavingError(f"The model was refused: nothing computes its output {value.name}.")
    return Program(inputs, outputs, constants, steps)


def _version(model: Any) -> int:
    versions = {item.domain: item.version for item in model.opset_import}
    version = next((versions[domain] for domain in _DOMAINS if domain in versions), None)
    if version is None or not _OLDEST <= version <= _NEWEST:
        raise SavingError(
            f"The model asks for version {version} of the operators, {_OLDEST} and later are run."
        )
    return int(version)


def _steps(nodes: Any, version: int, known: set[str], external: ExternalData) -> list[Step]:
    """The nodes in order, each after those that it reads; adds what they name to `known`."""
    missing = sorted(
        {
            f"{node.domain}.{node.op_type}".lstrip(".")
            for node in nodes
            if node.domain not in _DOMAINS or node.op_type not in OPERATORS
        }
    )
    if missing:
        raise SavingError(f"The model has operators that are not supported: {', '.join(missing)}.")
    steps = []
    for number, node in enumerate(nodes):
        name = node.name or str(number)
        for value in node.input:
            if value and value not in known:
                raise SavingError(
                    f"The model was refused: {node.op_type} {name} reads {value!r}, which nothing "
                    "before it computes."
                )
        for value in node.output:
            if value and value in known:
                raise SavingError(f"The model was refused: {value!r} is computed twice.")
            known.add(value)
        attributes = attributes_of(node, external)
        results = max((i + 1 for i, output in enumerate(node.output) if output), default=0)
        call = Call(node.op_type, name, attributes, version, results, {})
        reason = LIMITS[call.kind](call) if call.kind in LIMITS else None
        if reason:
            raise SavingError(str(call.refuse(reason)))
        steps.append(Step(call, tuple(node.input), tuple(node.output)))
    known.discard("")
    return steps


def _value(item: Any) -> Value:
    if item.type.WhichOneof("value") != "tensor_type":
        raise SavingError(f"{item.name} is no tensor: sequences and maps are not supported.")
    kind = item.type.tensor_type
    if kind.elem_type not in TYPES:
        raise SavingError(f"{item.name} has an element type that is not supported.")
    shape = None
    if kind.HasField("shape"):
        shape = tuple(
            int(size.dim_value) if size.HasField("dim_value") else size.dim_param or None
            for size in kind.shape.dim
        )
        if any(isinstance(n, int) and not 0 <= n <= LARGEST_SIZE for n in shape):
            raise SavingError(f"{item.name} was refused: it has an impossible size in {shape}.")
    return Value(item.name, type_of(kind.elem_type, item.name), shape)


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
