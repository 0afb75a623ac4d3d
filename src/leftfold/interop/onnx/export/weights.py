"""The weights of a model as constants of an ONNX graph, in the type asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine import Variable
from leftfold.engine.quantization import bfloat16_bits, int8_codes
from leftfold.interop.onnx.export.writing import GraphWriter

WEIGHT_TYPES = ("float32", "bfloat16", "int8")


class WeightWriter:
    """Writes each weight once, however often it is read."""

    def __init__(self, graph: GraphWriter, kind: str) -> None:
        self._graph = graph
        self._kind = kind
        self._written: dict[tuple[Any, ...], Any] = {}
        self._kept: list[Any] = []

    def plain(self, variable: Variable) -> str:
        """A weight as it is."""
        return self.once(variable, "plain", lambda: self._constant(variable.data, variable.path))

    def matrix(self, variable: Variable, axis: int) -> str:
        """A weight that may be stored with fewer bits, with a scale for each place on `axis`."""
        return self.once(
            variable, "matrix", lambda: self.stored(variable.data, axis, variable.path)
        )

    def stored(self, array: np.ndarray, axis: int, name: str) -> str:
        """The values of an array that is stored in the type asked for."""
        graph, dtype = self._graph, array.dtype.name
        if self._kind == "bfloat16":
            return graph.cast(graph.bfloat16(bfloat16_bits(array), name), dtype)
        if self._kind == "int8":
            codes, scales = int8_codes(array, axis)
            return graph.node(
                "DequantizeLinear",
                graph.constant(codes, name=name),
                graph.constant(scales, np.float32, name=f"{name}/scale"),
                graph.constant(np.zeros(scales.shape, np.int8), name=f"{name}/zero"),
                axis=axis,
            )
        return self._constant(array, name)

    def rows(self, variable: Variable, ids: str) -> str:
        """The rows of a table at some ids; only these are widened."""
        graph, dtype, name = self._graph, variable.dtype, variable.path
        if self._kind == "bfloat16":
            table = self.once(
                variable, "rows", lambda: graph.bfloat16(bfloat16_bits(variable.data), name)
            )
            return graph.cast(graph.node("Gather", table, ids, axis=0), dtype)
        if self._kind == "int8":
            table, scales = self.once(variable, "rows", lambda: self._coded_table(variable))
            codes = graph.cast(graph.node("Gather", table, ids, axis=0), dtype)
            return graph.node("Mul", codes, graph.node("Gather", scales, ids, axis=0))
        return graph.node("Gather", self.plain(variable), ids, axis=0)

    def _coded_table(self, variable: Variable) -> tuple[str, str]:
        codes, scales = int8_codes(variable.data, axis=0)
        name = variable.path
        return (
            self._graph.constant(codes, name=name),
            self._graph.constant(scales[:, None], variable.dtype, name=f"{name}/scale"),
        )

    def _constant(self, array: np.ndarray, name: str) -> str:
        return self._graph.constant(array, name=name)

    def once(self, variable: Variable, use: str, write: Any) -> Any:
        """What `write` makes of a weight for some use, the first time and ever after."""
        key = (id(variable), use)
        if key not in self._written:
            self._written[key] = write()
            self._kept.append(variable)
        return self._written[key]
