"""`Model.summary`: layers, output shapes and numbers of parameters as a table."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold.engine.symbolic import Node, Operation, PrimitiveCall, leaves
from leftfold.layers import Layer
from leftfold.layers.call import has_own_mask, map_shapes
from leftfold.models.functional import Functional
from leftfold.models.graph_ops import class_name

if TYPE_CHECKING:
    from rich.table import Table

    from leftfold.models.model import Model

_NARROWEST_COLUMN = 4


def print_summary(
    model: Model,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> None:
    """Print the table; the arguments are those of `Model.summary`."""
    from rich.console import Console

    summary = Summary(model, expand_nested, show_trainable)
    table = summary.table(line_length, positions, layer_range)
    plain = {"force_terminal": False, "color_system": None} if print_fn else {}
    console = Console(highlight=False, **plain)  # type: ignore[arg-type]
    if print_fn:
        console.begin_capture()
    console.print(f'[bold]Model: "{_escape(model.name)}"[/]')
    console.print(table)
    for line in summary.totals():
        console.print(line)
    if print_fn:
        print_fn(console.end_capture())


class Summary:
    """What there is to say about a model.

    Args:
        model: the model.
        expand_nested: show the layers inside models too.
        show_trainable: add a column that says which layers are trained.
    """

    def __init__(self, model: Model, expand_nested: bool, show_trainable: bool) -> None:
        self.model = model
        self.expand_nested = expand_nested
        self.show_trainable = show_trainable
        self.is_chain = not isinstance(model, Functional) or _is_chain(model)

    def table(
        self,
        line_length: int | None,
        positions: Sequence[float] | None,
        layer_range: Sequence[str] | None,
    ) -> Table:
        """The table of layers."""
        from rich.table import Column, Table

        titles = ["Layer (type)", "Output Shape", "Param #"]
        alignment = ["left", "left", "right"]
        ends = positions or ([0.45, 0.8, 1.0] if self.is_chain else [0.3, 0.56, 0.74, 1.0])
        width = 88 if self.is_chain else 108
        if not self.is_chain:
            titles.append("Connected to")
            alignment.append("left")
        if self.show_trainable:
            titles.append("Trainable")
            alignment.append("center")
            ends = [end * 0.9 for end in ends] + [1.0]
            width += 12
        width = line_length or min(width, shutil.get_terminal_size().columns - 4)
        widths = _widths(ends, width)
        if len(widths) < len(titles):
            own = len(titles) - self.show_trainable
            raise ValueError(f"summary expected positions of {own} columns, got {positions!r}.")
        columns = [  # As in Keras, positions of more columns than there are do no harm.
            Column(title, justify=justify, width=size)  # type: ignore[arg-type]
            for title, justify, size in zip(titles, alignment, widths, strict=False)
        ]
        table = Table(*columns, width=width, show_lines=True)
        for operation in _between(self._operations(), layer_range):
            for row in self._rows(operation, 0):
                table.add_row(*row)
        return table

    def _operations(self) -> Sequence[Operation]:
        return self.model.operations if isinstance(self.model, Functional) else self.model.layers

    def _rows(self, operation: Operation, level: int) -> list[list[str]]:
        rows = [self._row(operation, "   " * level + "└ " if level else "")]
        if self.expand_nested and isinstance(operation, Layer):
            for layer in getattr(operation, "layers", []):
                rows += self._rows(layer, level + 1)
        return rows

    def _row(self, operation: Operation, prefix: str) -> list[str]:
        is_layer = isinstance(operation, Layer)
        kind = type(operation).__name__
        if isinstance(operation, PrimitiveCall):
            kind = class_name(operation)
        row = [f"{_escape(prefix + operation.name)} ([color(33)]{_escape(kind)}[/])"]
        row.append(_output_shape(operation))
        if is_layer and not operation.built:  # type: ignore[attr-defined]
            row.append(f"{_number(0)} (unbuilt)")
        else:
            count = operation.count_params() if is_layer else 0  # type: ignore[attr-defined]
            row.append(_number(f"{count:,}"))
        if not self.is_chain:
            row.append(self._connections(operation))
        if self.show_trainable:
            row.append(_trainable(operation))
        return row

    def _connections(self, operation: Operation) -> str:
        sources = [
            f"{tensor.history[0].name}[{_number(tensor.history[1])}][{_number(tensor.history[2])}]"  # type: ignore[index]
            for node in operation.inbound_nodes
            if node in self.model.graph.depths  # type: ignore[attr-defined]
            for tensor in node.inputs
            if not is_mask_of_several(node, tensor)
        ]
        return ", ".join(sources) or "-"

    def totals(self) -> list[str]:
        """The lines below the table."""
        optimizer: Any = self.model.optimizer
        built = optimizer is not None and optimizer.built
        of_optimizer = list(optimizer.variables) if built else []
        trained = self.model.trainable_weights
        others = self.model.non_trainable_weights
        lines = [
            _total("Total params", [*trained, *others, *of_optimizer]),
            _total("Trainable params", trained),
            _total("Non-trainable params", others),
        ]
        return lines + ([_total("Optimizer params", of_optimizer)] if of_optimizer else [])


def _is_chain(model: Functional) -> bool:
    """Whether a graph is one layer after the other, each called once."""
    depths = list(model.graph.depths.values())
    calls = [node.operation for node in model.graph.depths]
    return (
        len(set(depths)) == len(depths)
        and len(set(calls)) == len(calls)
        and all(len(node.inputs) < 2 for node in model.graph.depths)
    )


def _widths(ends: Iterable[float], total: int) -> list[int]:
    widths, used = [], 0
    for end in ends:
        width = int(end * total) - used
        if width < _NARROWEST_COLUMN:
            raise ValueError(
                f"summary expected a width that leaves each column {_NARROWEST_COLUMN} characters, "
                f"got {total}."
            )
        widths.append(width)
        used += width
    return widths


def _between(operations: Sequence[Any], ends: Sequence[str] | None) -> Sequence[Any]:
    """The operations from the first that one expression matches to the last of the other."""
    if ends is None:
        return operations
    if len(ends) != 2 or not all(isinstance(end, str) for end in ends):
        raise ValueError(f"summary expected layer_range to be two names, got {ends!r}.")
    places = [[i for i, o in enumerate(operations) if re.match(end, o.name)] for end in ends]
    if not all(places):
        names = ", ".join(operation.name for operation in operations)
        raise ValueError(f"summary found no layers {tuple(ends)} among: {names}.")
    first, last = places
    if min(first) > max(last):
        first, last = last, first
    return operations[min(first) : max(last) + 1]


def _output_shape(operation: Operation) -> str:
    if operation.inbound_nodes:
        shapes: Any = [tensor.shape for tensor in operation.inbound_nodes[-1].outputs]
    elif isinstance(operation, Layer) and operation._build_shapes and _knows_shapes(operation):
        try:
            shapes = operation.compute_output_shape(**operation._build_shapes)
        except (NotImplementedError, TypeError, ValueError):
            return "?"
    else:
        return "?"
    texts = map_shapes(_shape, shapes)
    flat = list(leaves(texts))
    return flat[0] if len(flat) == 1 else str(texts).replace("'", "")


def _knows_shapes(layer: Layer) -> bool:
    """Whether Keras could tell the shapes of a layer that was called on data alone.

    Of a layer or model of the user's own it knows them only if there is a `compute_output_shape`.
    """
    kinds = type(layer).__mro__
    built_in = next(kind for kind in kinds if kind.__module__.split(".")[0] == "leftfold")
    stating = next(kind for kind in kinds if "compute_output_shape" in vars(kind))
    return built_in.__name__ not in ("Layer", "Model") or stating is not Layer


def _shape(shape: Any) -> str:
    return f"({', '.join(_number(size) for size in shape)})"


def is_mask_of_several(node: Node, tensor: Any) -> bool:
    """Whether `tensor` is a mask that came with a list of tensors, which Keras does not show."""
    return isinstance(node.kwargs.get("mask"), list) and has_own_mask(node, tensor)


def _trainable(operation: Operation) -> str:
    if not isinstance(operation, Layer) or not operation.weights:
        return "[bold]-[/]"
    return "[bold][color(34)]Y[/][/]" if operation.trainable else "[bold][color(9)]N[/][/]"


def _total(title: str, variables: Iterable[Any]) -> str:
    variables = list({id(variable): variable for variable in variables}.values())
    count = sum(math.prod(variable.shape) for variable in variables)
    size = sum(math.prod(v.shape) * np.dtype(v.dtype).itemsize for v in variables)
    return f"[bold] {title}: [/]{_number(f'{count:,}')} ({_memory(size)})"


def _memory(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} PB"


def _number(value: Any) -> str:
    return f"[color({45 if value is None else 34})]{value}[/]"


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
