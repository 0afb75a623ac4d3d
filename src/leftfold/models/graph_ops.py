"""Operations between layers, `x[:, -1] * 2`, under the names that Keras's files give them."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any

from leftfold import ops
from leftfold.engine import limits
from leftfold.engine.symbolic import Node, PrimitiveCall, leaves

_MODULES = {
    "core": "cast scatter scatter_update stop_gradient unstack",
    "linalg": "norm",
    "math": "erf in_top_k logsumexp rsqrt top_k",
    "nn": "binary_crossentropy categorical_crossentropy celu elu gelu glu hard_shrink hard_sigmoid "
    "hard_silu hard_tanh layer_normalization leaky_relu log_sigmoid log_softmax one_hot relu relu6 "
    "selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid sparsemax "
    "squareplus tanh_shrink threshold",
}
"""Modules of Keras by the operations in them; all others are in `keras.src.ops.numpy`."""

_OURS = frozenset({"dense", "dropout", "embedding", "softmax_cross_entropy"})
"""Operations that Keras does not have."""

_GROWING = frozenset({"repeat", "tile", "pad", "one_hot", "multi_hot", "broadcast_to"})
"""Operations whose settings make outputs larger than inputs."""

_CLASSES = {"layer_normalization": "LayerNorm"}
"""Classes that are not called like their function."""

_SPREAD = frozenset({"_einsum"})
"""Operations that take a list of tensors, which Keras's take one by one."""

_CALL_SETTINGS = {
    "full_like": ("fill_value",),
    "get_item": ("key",),
    "isclose": ("rtol", "atol"),
    "quantile": ("q",),
}
"""Settings that Keras passes in the call, behind the tensors, not to the constructor."""


def class_name(call: PrimitiveCall) -> str:
    """The operation's class in Keras: `get_item` is `GetItem`."""
    return _class_of(call.function.__name__)


def _class_of(name: str) -> str:
    words = name.split("_")
    return _CLASSES.get(name) or "".join(word[:1].upper() + word[1:] for word in words)


def operation_config(call: PrimitiveCall, node: Node) -> tuple[dict[str, Any], list[Any]]:
    """The operation as Keras writes it, and the arguments of its call."""
    function = call.function
    tensors, settings = _arguments(function, node)
    name = function.__name__
    if name in _SPREAD:
        tensors = list(tensors[0])
    in_call = _CALL_SETTINGS.get(name, ())
    module = next((m for m, names in _MODULES.items() if name in names.split()), "numpy")
    config = {
        "module": "leftfold.ops" if name in _OURS else f"keras.src.ops.{module}",
        "class_name": class_name(call),
        "config": {"name": call.name}
        | {key: value for key, value in settings.items() if key not in in_call},
        "registered_name": class_name(call),
    }
    return config, [*tensors, *(settings[key] for key in in_call)]


def _arguments(function: Callable[..., Any], node: Node) -> tuple[list[Any], dict[str, Any]]:
    """Tensors and settings of a call, defaults filled in."""
    signature = inspect.signature(function)
    tensors: list[Any] = []
    settings = {}
    given = dict(node.kwargs)
    args = list(node.args)
    for parameter in signature.parameters.values():
        if parameter.name == "needs":
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            tensors, args = args, []
            continue
        default = parameter.default
        value = args.pop(0) if args else given.pop(parameter.name, default)
        if parameter.kind is not parameter.POSITIONAL_ONLY:
            settings[parameter.name] = value
        elif value is not parameter.empty:
            tensors.append(value)
    while tensors and tensors[-1] is None:
        tensors.pop()
    return tensors, settings


@functools.cache
def _functions() -> dict[str, Callable[..., Any]]:
    found = [value for value in vars(ops).values() if getattr(value, "is_primitive", False)]
    return {_class_of(function.__name__): function for function in found}


def _einsum(*operands: Any, subscripts: str) -> Any:
    return ops.einsum(subscripts, *operands)


class RevivedOperation:
    """An operation read from a file, to be called like a layer.

    Args:
        config: as `operation_config` gave it.

    Raises:
        ValueError: for an operation that is not known.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        function = _functions().get(config["class_name"])
        if config["class_name"] == "ConvertToTensor":  # Keras's attention does this to masks
            function = ops.cast if config["config"].get("dtype") else ops.copy
        if config["class_name"] == "Einsum":
            function = _einsum
        if function is None:
            raise ValueError(f"Unknown operation {config['class_name']!r} in the model.")
        parameters = inspect.signature(function).parameters
        self.function = function
        self.name = str(config["name"])
        self.settings = {key: v for key, v in config["config"].items() if key in parameters}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        in_call = _CALL_SETTINGS.get(self.function.__name__, ())
        tensors = args[: len(args) - len(in_call)] if in_call else args
        settings = dict(zip(in_call, args[len(tensors) :], strict=True))
        if isinstance(settings.get("key"), list):
            settings["key"] = tuple(settings["key"])
        self._check_growth(tensors, {**self.settings, **settings})
        outputs = self.function(*tensors, **self.settings, **settings, **kwargs)
        next(leaves(outputs)).history[0].name = self.name
        limits.spend_call(self.name, (leaf.shape for leaf in leaves(outputs)))
        return outputs

    def _check_growth(self, tensors: Any, settings: dict[str, Any]) -> None:
        """Refuse repetitions and paddings whose result would not fit, before they are tried."""
        if self.function.__name__ not in _GROWING:
            return
        sizes = [getattr(leaf, "shape", None) for leaf in leaves(tensors)]
        elements = math.prod(n for shape in sizes if shape for n in shape if n)
        factors = [leaf for leaf in leaves(settings) if isinstance(leaf, int) and leaf > 1]
        limits.check_size(self.name, elements * math.prod(factors), settings)


def is_operation(config: dict[str, Any]) -> bool:
    """Whether a configuration describes an operation, not a layer."""
    module = str(config.get("module"))
    return module.startswith("keras.src.ops") or module == "leftfold.ops"
