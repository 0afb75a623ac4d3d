"""What happens around a layer's `call`: conversion, masks, the training flag, shapes."""

from __future__ import annotations

import contextlib
import inspect
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold import ops
from leftfold.engine import KerasTensor, Tensor, limits
from leftfold.engine.symbolic import Node, PrimitiveCall, infer, leaves, map_structure
from leftfold.engine.tensor import TEXT, is_text

if TYPE_CHECKING:
    from leftfold.layers.layer import Layer
    from leftfold.layers.state import LayerState


class _Context(threading.local):
    """The innermost call that is running on this thread."""

    layer: LayerState | None = None
    training: bool | None = None
    probing: bool = False
    """Whether zeros run through the layers only to learn shapes."""


context = _Context()

_TENSORS = (Tensor, KerasTensor)


class CallSpec:
    """What a class's `call` accepts, looked up once per class."""

    __slots__ = ("extra_masks", "mask_at", "names", "required", "training_at", "training_default")

    def __init__(self, call: Callable[..., Any]) -> None:
        parameters = list(inspect.signature(call).parameters.values())[1:]
        named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        self.names = [p.name for p in named]
        self.required = sum(p.default is p.empty for p in named)
        self.mask_at = self._position("mask")
        self.training_at = self._position("training")
        default = next((p.default for p in named if p.name == "training"), None)
        self.training_default = default if isinstance(default, bool) else False
        self.extra_masks = [
            name
            for name in self.names
            if name.endswith("_mask") and name.removesuffix("_mask") in self.names
        ]

    def _position(self, name: str) -> int:
        """Where `call` takes that argument; -1 where it does not."""
        return self.names.index(name) if name in self.names[1:] else -1

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments given, by name."""
        names = [*self.names, *(f"argument_{i}" for i in range(len(args) - len(self.names)))]
        return dict(zip(names, args, strict=False)) | kwargs


def convert(value: Any, dtype: np.dtype[Any] | None) -> Any:
    """Arrays as tensors, floating-point ones in `dtype` if one is given; the rest unchanged."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, Tensor):
        if not _differs(value.data.dtype, dtype):
            return value
        cast = ops.cast(value, dtype.name)  # type: ignore[union-attr]
        cast._keras_mask = value._keras_mask
        return cast
    if isinstance(value, list | tuple | dict):
        return map_structure(lambda leaf: convert(leaf, dtype), value)
    if isinstance(value, KerasTensor) or not hasattr(value, "__array__"):
        return value
    array = np.asarray(value)
    if is_text(array.dtype):
        return Tensor(array.astype(object))
    if array.dtype.kind not in "fiub":
        raise ValueError(f"A layer expected an array of numbers, got one of dtype {array.dtype}.")
    return Tensor(array.astype(dtype) if _differs(array.dtype, dtype) else array)


def _differs(dtype: np.dtype[Any], wanted: np.dtype[Any] | None) -> bool:
    """Whether an array of `dtype` must be cast: only floating point to floating point."""
    return wanted is not None and dtype.kind == wanted.kind == "f" and dtype != wanted


def is_symbolic(value: Any) -> bool:
    """Whether a symbolic tensor is anywhere in a structure."""
    if isinstance(value, KerasTensor):
        return True
    if isinstance(value, list | tuple):
        return any([is_symbolic(item) for item in value])
    return isinstance(value, dict) and any([is_symbolic(item) for item in value.values()])


def convert_arguments(
    layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """All arguments of a call, converted.

    Raises:
        ValueError: when the first one is not made of arrays or tensors.
    """
    dtype = layer._float_type if layer.autocast else None
    args = tuple([convert(value, dtype) for value in args])
    if kwargs:
        kwargs = {name: convert(value, dtype) for name, value in kwargs.items()}
        mask = kwargs.get("mask")
        if isinstance(mask, Tensor) and mask.data.dtype != np.bool_:
            kwargs["mask"] = ops.cast(mask, "bool")
    first = first_argument(layer, args, kwargs)
    if not layer.reads_texts:
        for leaf in leaves(first):
            if isinstance(leaf, _TENSORS) and leaf.dtype == TEXT:
                raise ValueError(
                    f"{layer._called} expected an array of numbers, got texts: put a "
                    "TextVectorization in front of it."
                )
    for leaf in () if type(first) is Tensor else leaves(first):
        if leaf is not None and not isinstance(leaf, _TENSORS):
            hint = " Make numbers an array with numpy.array()." if _is_number(leaf) else ""
            raise ValueError(
                f"{layer._called} expected arrays or tensors as input, got {leaf!r}.{hint}"
            )
    return args, kwargs


def first_argument(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The value of `call`'s first parameter, `None` if it was not given."""
    if args:
        return args[0]
    names = layer._call_spec.names
    return kwargs.get(names[0]) if names else None


def fill_masks(spec: CallSpec, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Give `query_mask` the mask of the argument `query`, and so on, where not given."""
    given = spec.bind(args, kwargs)
    for name in spec.extra_masks:
        if given.get(name) is None:
            mask = mask_of(given.get(name.removesuffix("_mask")))
            if mask is not None:
                kwargs[name] = mask


@contextlib.contextmanager
def inside(layer: LayerState) -> Iterator[None]:
    """Within the `with` block, layers that are built take their path from `layer`."""
    outer = context.layer
    context.layer = layer
    try:
        yield
    finally:
        context.layer = outer


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def mask_of(value: Any) -> Any:
    """The mask that a tensor carries; for several, theirs in the same structure.

    `None` when there is none at all.
    """
    if isinstance(value, _TENSORS):
        return value._keras_mask
    if not isinstance(value, list | tuple | dict):
        return None
    masks = map_structure(mask_of, value)
    return masks if any(mask is not None for mask in leaves(masks)) else None


def attach_mask(layer: Layer, inputs: Any, outputs: Any, mask: Any) -> None:
    """Give the outputs the mask that the layer computes for them, if they have none yet."""
    if not layer.supports_masking:
        if mask is not None and not layer._warned_of_mask:
            layer._warned_of_mask = True
            warnings.warn(
                f"{layer._called} received an input with a mask and does not pass masks on: "
                "the layers after it see every timestep.",
                stacklevel=4,
            )
        return
    alone = type(outputs) is Tensor
    targets = [outputs] if alone else [y for y in leaves(outputs) if isinstance(y, _TENSORS)]
    if all([target._keras_mask is not None for target in targets]):
        return
    masks = layer.compute_mask(inputs, mask)
    if masks is None:
        return
    for target, each in zip(targets, leaves(masks), strict=False):
        if target._keras_mask is None:
            target._keras_mask = each


def call_symbolically(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Infer the outputs' shapes and write the call into the graph, its masks included."""
    spec = layer._call_spec
    given = dict(kwargs)
    first = first_argument(layer, args, given)
    mask = given.get("mask")
    if mask is None:
        mask = mask_of(first)
        if mask is not None and spec.mask_at >= len(args):
            given["mask"] = mask
    with inside(layer):
        arguments = {k: v for k, v in given.items() if k != "training" or spec.training_at > 0}
        outputs = map_structure(_own, layer.compute_output_spec(*args, **arguments))
        limits.spend_call(layer.name, (leaf.shape for leaf in leaves(outputs) if leaf is not None))
        attach_mask(layer, first, outputs, mask)
    Node(layer, args, given, outputs)
    return outputs


def _own(output: Any) -> Any:
    """An output that is a tensor of its own, where a model hands one of its inputs through."""
    if not isinstance(output, KerasTensor) or output.history is None:
        return output
    copy = KerasTensor(output.shape, output.dtype)
    copy._keras_mask = output._keras_mask
    return copy


def infer_outputs(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The outputs of `layer.call` as symbolic tensors, found by running it on zeros."""
    dtype = layer._float_type if layer.autocast else None

    def run(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = convert((args, kwargs), dtype)
        if layer._call_spec.training_at > 0:
            kwargs.setdefault("training", layer._call_spec.training_default)
        return layer.call(*args, **kwargs)

    before = context.probing
    context.probing = True
    try:
        return infer(run, *args, **kwargs)
    finally:
        context.probing = before


def shape_of(value: Any) -> Any:
    """The shape of a tensor, or the shapes of several in the same structure."""
    return map_structure(lambda leaf: getattr(leaf, "shape", None), value)


def shape_arguments(
    layer: Layer, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """The shapes that `build` or `compute_output_shape` asks for, by parameter name.

    A function of one parameter receives the first argument's shape; one of several, for each
    parameter `x_shape`, that of the argument `x`.
    """
    shapes = {
        f"{name}_shape": shape_of(value)
        for name, value in layer._call_spec.bind(args, kwargs).items()
        if name != "mask" and any(hasattr(leaf, "shape") for leaf in leaves(value))
    }
    parameters = inspect.signature(function).parameters.values()
    wanted = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if len(wanted) == 1:
        return {wanted[0]: next(iter(shapes.values()), None)}
    unknown = [name for name in wanted if name.removesuffix("_shape") not in layer._call_spec.names]
    if unknown:
        raise ValueError(
            f"{function.__name__}() of {type(layer).__name__} has several parameters, so each must "
            f"be named after an argument of call(), such as 'inputs_shape'; got {unknown[0]!r}."
        )
    return {name: shapes[name] for name in wanted if name in shapes}


def is_shape(value: Any) -> bool:
    """Whether `value` is one shape, not a structure of several."""
    return isinstance(value, list | tuple) and all(
        n is None or isinstance(n, int | np.integer) for n in value
    )


def map_shapes(function: Callable[[Any], Any], shapes: Any) -> Any:
    """A structure of shapes with `function` applied to each."""
    if shapes is None or is_shape(shapes):
        return function(shapes)
    if isinstance(shapes, dict):
        return {key: map_shapes(function, value) for key, value in shapes.items()}
    return type(shapes)([map_shapes(function, value) for value in shapes])


def merge_shapes(first: Any, second: Any) -> Any:
    """A structure of shapes with `None` for every size in which the two differ."""
    others: Iterator[Any] = iter(flat_shapes(second))

    def merge(shape: Any) -> Any:
        other = next(others)
        if shape is None or other is None or len(shape) != len(other):
            return shape
        return tuple([n if n == m else None for n, m in zip(shape, other, strict=True)])

    return map_shapes(merge, first)


def flat_shapes(shapes: Any) -> list[Any]:
    """Every shape in a structure of shapes."""
    found: list[Any] = []
    map_shapes(found.append, shapes)
    return found


def has_own_mask(node: Node, tensor: Any) -> bool:
    """Whether `tensor` is the mask that a call's first argument carries anyway."""
    if not isinstance(tensor, KerasTensor) or node.kwargs.get("mask") is None or not node.args:
        return False
    own = [leaf for leaf in leaves(mask_of(node.args[0])) if leaf is not None]
    passed = [leaf for leaf in leaves(node.kwargs["mask"]) if leaf is not None]
    return any(leaf is tensor for leaf in passed) and all(
        any(_same_value(leaf, mask) for mask in own) for leaf in passed
    )


def _same_value(first: Any, second: Any) -> bool:
    """Whether two values, or symbolic results of operations, are bound to be equal."""
    if first is second:
        return True
    if not isinstance(first, KerasTensor) or not isinstance(second, KerasTensor):
        plain = isinstance(first, str | int | float | bool | tuple)
        return plain and type(first) is type(second) and bool(first == second)
    nodes = [t.history[0].inbound_nodes[t.history[1]] for t in (first, second) if t.history]
    if len(nodes) < 2 or not all(isinstance(n.operation, PrimitiveCall) for n in nodes):
        return False
    functions = {node.operation.function for node in nodes}  # type: ignore[attr-defined]
    arguments = [list(leaves((node.args, node.kwargs))) for node in nodes]
    return (
        len(functions) == 1
        and len(arguments[0]) == len(arguments[1])
        and all(_same_value(a, b) for a, b in zip(*arguments, strict=True))
    )
