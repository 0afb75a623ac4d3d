"""Leftfold as a backend of the `onnx` package, for its conformance tests and its tools.

Example:
    >>> from onnx import helper
    >>> from leftfold.interop.onnx import backend
    >>> import numpy as np
    >>> node = helper.make_node("Relu", ["x"], ["y"])
    >>> backend.run_node(node, [np.float32([-1, 2])])[0].tolist()
    [0.0, 2.0]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import helper
from onnx.backend.base import Backend, BackendRep
from onnx.backend.test.runner import BackendIsNotSupposedToImplementIt

from leftfold.interop.onnx.run.model import OnnxModel
from leftfold.interop.onnx.run.operators import NotOffered
from leftfold.interop.onnx.run.reading import read_model
from leftfold.saving import SavingError


class NotImplementedHere(BackendIsNotSupposedToImplementIt):
    """An operator or type that Leftfold does not have; conformance tests skip it."""


class LeftfoldRep(BackendRep):
    """A model that is ready to run."""

    def __init__(self, model: OnnxModel) -> None:
        self.model = model

    def run(self, inputs: Any, **kwargs: Any) -> tuple[Any, ...]:
        """All outputs, in order, for arrays in order or by name."""
        if not isinstance(inputs, Mapping):
            given = inputs if isinstance(inputs, list | tuple) else [inputs]
            inputs = dict(zip(self.model.input_names, given, strict=True))
        try:
            return tuple(self.model.run(inputs).values())
        except NotOffered as error:
            raise NotImplementedHere(str(error)) from error


class LeftfoldBackend(Backend):
    """Runs models on the CPU, by Leftfold."""

    @classmethod
    def is_compatible(cls, model: Any, device: str = "CPU", **kwargs: Any) -> bool:
        """Whether the model can be run: all of its operators and types are known."""
        try:
            read_model(model)
        except (SavingError, ValueError):
            return False
        return device == "CPU"

    @classmethod
    def prepare(cls, model: Any, device: str = "CPU", **kwargs: Any) -> LeftfoldRep:
        """A model to run several times.

        Raises:
            NotImplementedHere: when the model has operators or types that are not supported.
        """
        try:
            return LeftfoldRep(OnnxModel(read_model(model)))
        except SavingError as error:
            raise NotImplementedHere(str(error)) from error

    @classmethod
    def run_node(
        cls, node: Any, inputs: Any, device: str = "CPU", outputs_info: Any = None, **kwargs: Any
    ) -> tuple[Any, ...]:
        """The outputs of one node."""
        names = [name for name in node.input if name]
        given = {name: np.asarray(x) for name, x in zip(names, inputs, strict=True)}
        infos = [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
            )
            for name, array in given.items()
        ]
        outputs = [helper.make_empty_tensor_value_info(name) for name in node.output if name]
        for output in outputs:
            output.type.tensor_type.elem_type = 1  # ours is not to know; results say
        graph = helper.make_graph([node], "node", infos, outputs)
        settings = {}
        if "opset_version" in kwargs:
            settings["opset_imports"] = [helper.make_opsetid("", kwargs["opset_version"])]
        return cls.prepare(helper.make_model(graph, **settings), device).run(given)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """Only the CPU."""
        return device.split(":")[0] == "CPU"


is_compatible = LeftfoldBackend.is_compatible
prepare = LeftfoldBackend.prepare
run_model = LeftfoldBackend.run_model
run_node = LeftfoldBackend.run_node
supports_device = LeftfoldBackend.supports_device
