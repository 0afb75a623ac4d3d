"""ONNX files, for `leftfold inspect` and `leftfold convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from leftfold.interop.onnx import export_onnx, model_from_onnx
from leftfold.interop.onnx.outline import outline
from leftfold.interop.onnx.run.types import LARGEST_SIZE, MOST_AXES
from leftfold.saving import SavingError
from leftfold.saving.description import Description, Part


def describe(path: Path) -> Description:
    """The operators of a graph in order, each with the shapes of its weights.

    Neither the numbers of its constants are read, nor files beside it.

    Raises:
        SavingError: for a file that is damaged or hostile.
        ImportError: when the package `onnx` is not installed.
    """
    graph = outline(path)
    versions = ", ".join(f"opset {each.version}" for each in graph.opset_import[:1])
    writer = " ".join(filter(None, [graph.producer_name, graph.producer_version, versions]))
    found = Description("ONNX model, .onnx", writer=writer, size=path.stat().st_size)
    found.model = graph.graph.name
    weights = {each.name: tuple(each.dims) for each in graph.graph.initializer}
    for name, shape in weights.items():
        if len(shape) > MOST_AXES or not all(0 <= n <= LARGEST_SIZE for n in shape):
            raise SavingError(f"{path} was refused: {name!r} has an impossible shape: {shape}.")
    if len(weights) < len(graph.graph.initializer):
        raise SavingError(f"{path} was refused: two of its constants have the same name.")
    for value in graph.graph.input:
        if value.name not in weights:
            sizes = value.type.tensor_type.shape.dim
            found.inputs[value.name] = [
                d.dim_value if d.HasField("dim_value") else None for d in sizes
            ]
    for node in graph.graph.node:
        shapes = [weights[name] for name in node.input if name in weights]
        found.parts.append(
            Part(node.name or (node.output[0] if node.output else ""), node.op_type, shapes)
        )
    return found


def read(path: str) -> Any:
    """A model of layers that computes what a graph does.

    Raises:
        SavingError: for a file that is damaged or hostile, or a graph of which no layers can be
            made; the message names the operator.
        ImportError: when the package `onnx` is not installed.
    """
    try:
        return model_from_onnx(path)
    except SavingError:
        raise
    except ValueError as error:
        raise SavingError(f"{path}: {error}") from error


def write(model: Any, path: str) -> None:
    """Write a model as ONNX."""
    export_onnx(model, path)
