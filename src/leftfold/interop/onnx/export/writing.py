"""`GraphWriter`: an ONNX graph that grows node by node."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

OPSET = 17
"""The version of the operators: the first with `LayerNormalization`, known since 2022."""

IR_VERSION = 8


def import_onnx_package() -> Any:
    """The `onnx` package.

    Raises:
        ImportError: when it is not installed, saying how to.
    """
    try:
        import onnx
    except ImportError as error:
        raise ImportError("ONNX files need the package onnx: pip install leftfold[onnx].") from (
            error
        )
    return onnx


class GraphWriter:
    """Nodes, constants, inputs and outputs of a graph under construction. Values are names."""

    def __init__(self) -> None:
        self.onnx = import_onnx_package()
        self.scope = ""
        """What the names of new values begin with: the layer they belong to."""
        self._nodes: list[Any] = []
        self._constants: dict[str, np.ndarray] = {}
        self._by_content: dict[tuple[Any, ...], str] = {}
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._taken: set[str] = set()
        self._bfloat16: set[str] = set()

    def fresh(self, name: str) -> str:
        """`name`, or `name_1` and so on if it is taken."""
        candidate, number = name, 0
        while candidate in self._taken:
            number += 1
            candidate = f"{name}_{number}"
        self._taken.add(candidate)
        return candidate

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of one result and return that result's name."""
        return self.nodes(kind, inputs, 1, **attributes)[0]

    def nodes(self, kind: str, inputs: Sequence[str], results: int, **attributes: Any) -> list[str]:
        """Add a node of several results and return their names."""
        name = self.fresh(f"{self.scope}/{kind}" if self.scope else kind)
        outputs = [self.fresh(f"{name}:{i}") for i in range(results)] if results > 1 else [name]
        while inputs and not inputs[-1]:
            inputs = inputs[:-1]  # optional inputs at the end are left out
        made = self.onnx.helper.make_node(kind, list(inputs), outputs, name=name, **attributes)
        self._nodes.append(made)
        return outputs

    def constant(self, values: Any, dtype: Any = None, name: str | None = None) -> str:
        """The name of a constant; small ones are shared."""
        array = np.ascontiguousarray(np.asarray(values, dtype)).reshape(np.shape(values))
        key = (array.dtype.str, array.shape, array.tobytes()) if array.size <= 16 else ()
        if key and name is None and key in self._by_content:
            return self._by_content[key]
        found = self.fresh(name or "constant")
        self._constants[found] = array
        if key and name is None:
            self._by_content[key] = found
        return found

    def integers(self, *values: int) -> str:
        """A constant list of 64-bit integers, as shapes and axes are given."""
        return self.constant(np.array(values, np.int64))

    def cast(self, value: str, dtype: str) -> str:
        """A value as another element type."""
        return self.node("Cast", value, to=self.type_number(dtype))

    def type_number(self, dtype: str) -> int:
        """The number that ONNX gives an element type."""
        if dtype == "bfloat16":
            return int(self.onnx.TensorProto.BFLOAT16)
        return int(self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def input(self, name: str, dtype: str, shape: Iterable[int | str | None]) -> str:
        """Add an input to the graph."""
        name = self.fresh(name)
        kind = self.type_number(dtype)
        self._inputs.append(self.onnx.helper.make_tensor_value_info(name, kind, list(shape)))
        return name

    def output(self, value: str, name: str, dtype: str, rank: int) -> None:
        """Make a value an output of the graph, of sizes that follow from the nodes."""
        name = self.fresh(name)
        self._nodes.append(self.onnx.helper.make_node("Identity", [value], [name], name=name))
        kind = self.type_number(dtype)
        self._outputs.append(self.onnx.helper.make_tensor_value_info(name, kind, [None] * rank))

    def bfloat16(self, bits: np.ndarray, name: str) -> str:
        """A constant given by the 16-bit patterns of its numbers."""
        name = self.fresh(name)
        self._constants[name] = bits.astype("<u2")
        self._bfloat16.add(name)
        return name

    def model(self, name: str, producer_version: str) -> Any:
        """The finished `ModelProto`, without what no output depends on."""
        helper = self.onnx.helper
        nodes, needed = [], {output.name for output in self._outputs}
        for node in reversed(self._nodes):
            if needed & set(node.output):
                needed |= set(node.input)
                nodes.append(node)
        graph = helper.make_graph(
            nodes[::-1],
            name,
            self._inputs,
            self._outputs,
            [self._tensor(key, array) for key, array in self._constants.items() if key in needed],
        )
        model = helper.make_model(
            graph,
            producer_name="leftfold",
            producer_version=producer_version,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        return self._with_output_shapes(model)

    def _with_output_shapes(self, model: Any) -> Any:
        """The model with what ONNX itself infers about the sizes of its outputs."""
        inferred = self.onnx.shape_inference.infer_shapes(model)
        for output, known in zip(model.graph.output, inferred.graph.output, strict=True):
            output.CopyFrom(known)
            sizes = output.type.tensor_type.shape.dim
            for size in sizes:
                if size.dim_param.startswith("unk__"):
                    size.ClearField("dim_param")
            if len(sizes) and not sizes[0].HasField("dim_value"):
                sizes[0].dim_param = "batch"
        return model

    def _tensor(self, name: str, array: np.ndarray) -> Any:
        if name in self._bfloat16:
            kind = self.onnx.TensorProto.BFLOAT16
            return self.onnx.helper.make_tensor(name, kind, array.shape, array.tobytes(), raw=True)
        return self.onnx.numpy_helper.from_array(array, name)
