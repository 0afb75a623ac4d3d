"""`model_from_onnx`: a model of Leftfold's layers that computes what an ONNX graph does.

The nodes are walked in their order. What depends on the file alone is computed; for all else a
rule makes layers and operations (the modules beside this one register theirs). A node that no rule
can say is a `Failure`, which matters only if an output depends on it: much of what a graph
computes, masks and shapes above all, layers see to by themselves.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine import KerasTensor, limits
from leftfold.interop.formats import ConversionNote
from leftfold.interop.onnx.rebuild import (  # noqa: F401, rules register themselves
    elementwise,
    normalizations,
    products,
    recurrent,
    reductions,
    shapes,
    sizes,
    windows,
)
from leftfold.interop.onnx.rebuild.axes import in_order, materialized
from leftfold.interop.onnx.rebuild.inputs import RULES, check_growth, side_by_side
from leftfold.interop.onnx.rebuild.values import (
    Atom,
    Directions,
    Failure,
    Groups,
    Made,
    Refused,
    Value,
    View,
    whole,
)
from leftfold.interop.onnx.run.model import computed
from leftfold.interop.onnx.run.reading import Program, Step, read_file
from leftfold.interop.onnx.run.reading import Value as Declared
from leftfold.interop.onnx.run.sizes import memory_limited, take
from leftfold.layers import Input
from leftfold.models import Model
from leftfold.saving.errors import one_line

_RECURRENT = ("LSTM", "GRU", "RNN")
_MOST_NODES = 5_000
_FREE, _GROWTH = 1 << 20, 64
"""Bytes of weights that may be made, and for each byte of constants."""
_LEAVE_AXES = ("Identity", "Cast", "Slice", "Split", "Dropout")


def model_from_onnx(path: Any) -> Model:
    """A model of layers that computes what an ONNX file does, to be trained, saved and converted.

    Weights become those of layers: `LSTM`, `GRU` and `RNN` nodes recurrent layers, products
    `Dense`, tables `Embedding`, and so on; everything else operations of `leftfold.ops`. Sizes
    that are open stay open. Where the graph has the batch behind another axis, in inputs or
    outputs, the model has it in front, and a warning says so.

    Args:
        path: the file.

    Returns:
        A functional model.

    Raises:
        SavingError: for a file that is missing or not sound.
        ValueError: for an operator of which no layers can be made; the message names it.
        ImportError: when the package `onnx` is not installed.

    Example:
        >>> import leftfold, tempfile
        >>> from leftfold.interop.onnx import export_onnx, model_from_onnx
        >>> model = leftfold.Sequential([leftfold.Input((None, 3)), leftfold.layers.LSTM(4)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     export_onnx(model, f"{folder}/model.onnx")
        ...     again = model_from_onnx(f"{folder}/model.onnx")
        >>> [type(layer).__name__ for layer in again.layers]
        ['InputLayer', 'LSTM']
    """
    return Rebuilder(read_file(path)).model()


class Rebuilder:
    """Makes a model of a program, node by node.

    Args:
        program: what was read.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._values = {name: Value(array, name) for name, array in program.constants.items()}
        self._readers = Counter(name for step in program.steps for name in step.inputs)
        self._readers.update(value.name for value in program.outputs)
        self._layers: dict[Any, Any] = {}
        self._names: set[str] = set()
        self._atoms: dict[str, Atom] = {}
        self.batches: list[Atom] = []
        """The atoms along which rows lie."""

    def model(self) -> Model:
        """The whole model."""
        if len(self.program.steps) > _MOST_NODES:
            raise Refused(
                f"Layers are made of {_MOST_NODES:,} nodes at most, the graph has "
                f"{len(self.program.steps):,}."
            )
        constants = sum(array.nbytes for array in self.program.constants.values())
        with memory_limited(constants, 0), limits.weights_limited(_FREE + _GROWTH * constants):
            return self._made()

    def _made(self) -> Model:
        tensors = [self._input(value) for value in self.program.inputs]
        for step in self.program.steps:
            self._take(step)
        outputs = [self._output(value) for value in self.program.outputs]
        if not tensors or not outputs:
            raise Refused("No model of layers has no inputs, or no outputs.")
        inputs = dict(zip((value.name for value in self.program.inputs), tensors, strict=True))
        return Model(list(inputs.values()), outputs if len(outputs) > 1 else outputs[0])

    def _take(self, step: Step) -> None:
        inputs = [self._values[name] if name else None for name in step.inputs]
        used = [self._readers[name] > 0 for name in step.outputs]
        made = Made(step.call, inputs, used)
        try:
            results = self._results(made)
        except Refused as error:
            told = str(error)
            if not re.match(r"\w+ .*:", told):
                error = made.refuse(told)
            results = [Failure(error)] * len(step.outputs)
        for place, (name, result) in enumerate(zip(step.outputs, results, strict=False)):
            if name:
                self._values[name] = Value(result, name, made, place)

    def _results(self, made: Made) -> list[Any]:
        kind = made.call.kind
        given = [value for value in made.inputs if value is not None]
        if all(isinstance(value.result, np.ndarray) for value in given):
            arrays = [None if value is None else value.result for value in made.inputs]
            try:
                found = list(map(np.asarray, computed(made.call, arrays)))
            except ValueError as error:
                raise Refused(str(error)) from error
            take(sum(array.nbytes for array in found))
            return found
        check_growth(made)
        rule = RULES.get(kind)
        if rule is None:
            raise made.refuse("no layer says this operator")
        try:
            found = rule(self, made)
        except Refused:
            raise
        except Exception as error:  # what odd attributes come to has many classes
            raise made.refuse(f"no layer can be made of it: {one_line(str(error))}") from error
        return found if isinstance(found, list) else [found]

    # Inputs and outputs

    def _input(self, value: Declared) -> KerasTensor:
        if value.shape is None or not value.shape:
            raise Refused(f"The input {value.name} has no shape, so that no model can be made.")
        batch = 1 if self._reads_time_first(value) else 0
        shape = [n if isinstance(n, int) else None for n in value.shape]
        order = [batch, *(axis for axis in range(len(shape)) if axis != batch)]
        tensor = Input(
            batch_shape=[shape[axis] for axis in order],
            dtype=value.dtype.name,
            name=self.name(value.name),
        )
        if batch:
            _warn(f"The input {value.name} has the batch behind time: the model has it in front.")
        groups: Groups = tuple((self._atom(value.shape[axis], i),) for i, axis in enumerate(order))
        found = in_order(whole(tensor, groups), [order.index(axis) for axis in range(len(order))])
        self.batches.append(groups[0][0])
        self._values[value.name] = Value(found, value.name)
        return tensor

    def _atom(self, size: int | str | None, axis: int) -> Atom:
        """The axis of an input; open ones of one name are one, and so are all open batches."""
        if isinstance(size, int):
            return Atom(size)
        key = "batch in front" if axis == 0 else size
        return Atom(None) if key is None else self._atoms.setdefault(key, Atom(None))

    def _reads_time_first(self, value: Declared) -> bool:
        """Whether an input goes into recurrences that read time first, and is turned nowhere."""
        names, forward = {value.name}, []
        for step in self.program.steps:
            read = [place for place, name in enumerate(step.inputs) if name in names]
            if read and step.call.kind in _RECURRENT:
                forward.append(read[0] in (0, 5, 6) and not step.call.get("layout", 0))
            elif read and step.call.kind in _LEAVE_AXES:
                names |= set(step.outputs)
        return bool(forward) and all(forward) and len(value.shape or ()) == 3

    def _output(self, value: Declared) -> KerasTensor:
        found = self._values[value.name].result
        if isinstance(found, Failure):
            raise Refused(f"No model of layers computes {value.name}: {found.error}")
        if isinstance(found, Directions):
            found = side_by_side(found)
        if not isinstance(found, View) or found.unsettled is not None:
            raise Refused(f"No model of layers computes {value.name}: it depends on no input.")
        places = [i for i, group in enumerate(found.axes) if set(group) & set(self.batches)]
        if places and places[0] > 0:
            _warn(f"The output {value.name} has the batch behind other axes: here it is in front.")
            rest = [axis for axis in range(len(found.axes)) if axis != places[0]]
            found = in_order(found, [places[0], *rest])
        try:
            tensor = materialized(found)
        except ValueError as error:
            raise Refused(f"No model of layers computes {value.name}: {error}.") from error
        is_input = any(tensor is v.result.base for v in self._values.values()
                       if v.made is None and isinstance(v.result, View))  # fmt: skip
        copied: KerasTensor = ops.copy(tensor) if is_input else tensor
        return copied

    # Layers

    def applied(
        self,
        make: Callable[[], Any],
        weights: Sequence[np.ndarray],
        x: Any,
        *shared: Any,
        **given: Any,
    ) -> Any:
        """The result of a layer with these weights, the one before where the graph has it twice.

        Args:
            make: makes the layer.
            weights: what it is to hold.
            x: what it is called on.
            shared: what tells the layer from others of the same weights: their name and its
                settings; where there is nothing, or no name, the layer is new.
            given: further arguments of the call.
        """
        digest = hashlib.blake2b(b"".join(np.ascontiguousarray(w).tobytes() for w in weights))
        key = (digest.digest(), *map(str, shared))
        is_new = not (shared and shared[0]) or key not in self._layers
        layer = self._layers[key] = make() if is_new else self._layers[key]
        result = layer(x, **given)
        if is_new:
            layer.set_weights([np.asarray(w, np.float32) for w in weights])
        return result

    def name(self, *wanted: str) -> str:
        """A name for a layer that no other has, from the first of `wanted` that is any use.

        Args:
            wanted: paths such as `lstm/LSTM` or `encoder.weight`.
        """
        paths = [[p for p in re.split(r"[/.]+", path) if p] for path in wanted if "::" not in path]
        inner = [parts[-2] for parts in paths if len(parts) > 1]
        alone = [parts[0] for parts in paths if len(parts) == 1]
        names = (re.sub(r"\W+", "_", name).strip("_") for name in (*inner, *alone))
        name = next((name for name in names if name and not name.isdigit()), "layer")
        found, number = name, 0
        while found in self._names:
            number += 1
            found = f"{name}_{number}"
        self._names.add(found)
        return found

    def give_up(self, value: Value) -> None:
        """Free the name of the layer that made a value, if nothing else reads that."""
        if self._readers[value.name] == 1:
            self._names.discard(value.result.base.history[0].name)


def _warn(message: str) -> None:
    warnings.warn(message, ConversionNote, stacklevel=5)
