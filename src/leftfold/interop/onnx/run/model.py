"""`OnnxModel`: a graph that runs on Leftfold's kernels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from leftfold.interop.onnx.run import (  # noqa: F401, operators register themselves
    elementwise,
    normalizations,
    products,
    recurrent,
    reductions,
    shapes,
    windows,
)
from leftfold.interop.onnx.run.operators import OPERATORS, Call
from leftfold.interop.onnx.run.reading import Program, Step, Value, read_file
from leftfold.interop.onnx.run.sizes import check_result, memory_limited, take
from leftfold.saving.errors import one_line


def import_onnx(path: Any) -> OnnxModel:
    """Read an ONNX file as something to call.

    Reading runs no code from the file; sizes, names, types and the order of nodes are checked,
    and data in other files must lie in the same folder.

    Args:
        path: the file.

    Raises:
        SavingError: when it is missing or not sound, or has operators that are not supported;
            the message names them.
        ImportError: when the package `onnx` is not installed.
    """
    return OnnxModel(read_file(path))


class OnnxModel:
    """A graph of ONNX operators.

    Args:
        program: as `leftfold.interop.onnx.run.reading` found it.

    Attributes:
        inputs: name, element type and shape of each input.
        outputs: the same of each output.
    """

    def __init__(self, program: Program) -> None:
        self.inputs: list[Value] = program.inputs
        self.outputs: list[Value] = program.outputs
        self._constants = program.constants
        self._steps: list[tuple[Step, list[str]]] = _with_last_readers(program)

    @property
    def input_names(self) -> list[str]:
        return [value.name for value in self.inputs]

    @property
    def output_names(self) -> list[str]:
        return [value.name for value in self.outputs]

    def run(self, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Compute all outputs.

        Args:
            inputs: arrays by name.

        Returns:
            Arrays by name.

        Raises:
            ValueError: when inputs are missing or of another shape or type, or a node cannot
                compute with them.
        """
        unknown = sorted(set(inputs) - set(self.input_names))
        if unknown or len(inputs) < len(self.inputs):
            raise ValueError(
                f"The model expected the inputs {', '.join(self.input_names) or 'none'}, got "
                f"{', '.join(inputs) or 'none'}."
            )
        values: dict[str, Any] = dict(self._constants)
        sizes: dict[str, int] = {}
        for value in self.inputs:
            values[value.name] = _fitting(value, inputs[value.name], sizes)
        given = sum(values[value.name].nbytes for value in self.inputs)
        constants = sum(array.nbytes for array in self._constants.values())
        with np.errstate(all="ignore"), memory_limited(constants, given):
            for step, finished in self._steps:
                _run_step(step, values)
                for name in finished:
                    take(-values.pop(name).nbytes)
        return {name: np.asarray(values[name], order="C") for name in self.output_names}

    def predict(self, x: Any) -> Any:
        """The outputs for inputs in their order; one array where there is one output.

        Args:
            x: an array, a list of arrays, or arrays by name.
        """
        if not isinstance(x, Mapping):
            given: Sequence[Any] = [x] if len(self.inputs) == 1 else list(x)
            if len(given) != len(self.inputs):
                raise ValueError(
                    f"The model expected {len(self.inputs)} inputs "
                    f"({', '.join(self.input_names)}), got {len(given)}."
                )
            x = dict(zip(self.input_names, given, strict=True))
        outputs = list(self.run(x).values())
        return outputs[0] if len(outputs) == 1 else outputs

    __call__ = predict

    def __repr__(self) -> str:
        return f"<OnnxModel inputs={self.input_names}, outputs={self.output_names}>"


def _with_last_readers(program: Program) -> list[tuple[Step, list[str]]]:
    """Each step with the values that nothing reads after it."""
    kept = {value.name for value in program.outputs} | set(program.constants)
    steps = []
    for step in reversed(program.steps):
        names = {name for name in (*step.inputs, *step.outputs) if name}
        steps.append((step, sorted(names - kept)))
        kept |= names
    return steps[::-1]


def computed(call: Call, given: Sequence[Any]) -> tuple[Any, ...]:
    """The results of one operator.

    Args:
        call: the node.
        given: its inputs, `None` for those that are left out.

    Raises:
        ValueError: when it cannot compute with them, or they ask for too much memory.
    """
    try:
        check_result(call, given)
        result = OPERATORS[call.kind](call, *given)
    except MemoryError as error:
        raise call.refuse("its result does not fit into memory") from error
    except Exception as error:  # what NumPy makes of odd attributes has many classes
        if str(error).startswith(f"{call.kind} {one_line(call.name)}:"):
            raise
        shapes = ", ".join("none" if x is None else str(x.shape) for x in given)
        raise call.refuse(
            f"it cannot compute with inputs of shape {shapes or 'none'}: {error}"
        ) from error
    return result if isinstance(result, tuple) else (result,)


def _run_step(step: Step, values: dict[str, Any]) -> None:
    given = [values[name] if name else None for name in step.inputs]
    for name, array in zip(step.outputs, computed(step.call, given), strict=False):
        if name:
            values[name] = array
            take(array.nbytes)


def _fitting(value: Value, given: Any, sizes: dict[str, int]) -> np.ndarray:
    """An input, checked; numbers of another width are cast where nothing is lost in kind."""
    array = np.asarray(given)
    if array.dtype != value.dtype:
        if not np.can_cast(array.dtype, value.dtype, "same_kind") or array.dtype.kind == "b":
            raise ValueError(
                f"The input {value.name} expected numbers of type {value.dtype}, got {array.dtype}."
            )
        array = array.astype(value.dtype)
    if value.shape is None:
        return array
    fits = len(array.shape) == len(value.shape)
    for n, wanted in zip(array.shape, value.shape, strict=False):
        if isinstance(wanted, str):
            wanted = sizes.setdefault(wanted, n)
        fits = fits and (wanted is None or n == wanted)
    if not fits:
        raise ValueError(f"The input {value.name} expected shape {value.shape}, got {array.shape}.")
    return array
