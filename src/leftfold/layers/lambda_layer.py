"""`Lambda`: any function as a layer."""

from __future__ import annotations

import base64
import inspect
import marshal
import types
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from leftfold import activations, ops
from leftfold.engine import registry
from leftfold.layers.call import is_shape, map_shapes
from leftfold.layers.layer import Layer
from leftfold.layers.serialization import known_layer


@known_layer
class Lambda(Layer):
    """Applies a function of yours, without weights of its own.

    Gradients flow through it if it is made of `leftfold.ops` and arithmetic.

    Args:
        function: called with the inputs, and with `mask` and `training` if it takes them.
        output_shape: the shape of a sample of the output, or a function from the input's shape
            to the output's; found by running the function on zeros by default.
        mask: the mask of the output, or a function `(inputs, mask)` that computes it; the
            output has none by default.
        arguments: further keyword arguments for the function.

    Example:
        >>> import numpy as np
        >>> Lambda(lambda x: x * 2)(np.array([1.0, 2.0])).tolist()
        [2.0, 4.0]
    """

    reads_texts = True

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if not callable(function):
            raise ValueError(f"Lambda expected a function, got {function!r}.")
        super().__init__(**kwargs)
        self.function = function
        self.arguments = arguments or {}
        self.mask = mask
        self._output_shape = output_shape
        self.supports_masking = mask is not None
        self._makes_mask = mask is not None
        self._takes = _parameters(function)

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        settings = dict(self.arguments)
        if "mask" in self._takes:
            settings["mask"] = mask
        if "training" in self._takes:
            settings["training"] = training
        return self.function(inputs, **settings)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        if self._output_shape is None:
            return self._infer(args, kwargs)
        return super().compute_output_spec(*args, **kwargs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        batch = input_shape[0] if is_shape(input_shape) else input_shape[0][0]
        return map_shapes(lambda shape: (batch, *shape), self._output_shape)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """What the argument `mask` says."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def get_config(self) -> dict[str, Any]:
        config = super().get_config() | {"function": _written(self.function)}
        if self._output_shape is not None:
            config["output_shape"] = _written(self._output_shape)
        if self.mask is not None:
            config["mask"] = _written(self.mask)
        return config | {"arguments": registry.serialize(dict(self.arguments))}

    @classmethod
    def from_config(
        cls,
        config: dict[str, Any],
        custom_objects: Mapping[str, Any] | None = None,
        safe_mode: bool | None = None,
    ) -> Any:
        """A layer of the function that the configuration names; code in it is never run.

        Args:
            config: what `get_config` gave.
            custom_objects: functions of the user's own, by name.
            safe_mode: accepted as in Keras; makes no difference.
        """
        with registry.custom_object_scope(custom_objects):
            functions = {
                name: _read(config[name])
                for name in ("function", "output_shape", "mask")
                if config.get(name) is not None
            }
        return super().from_config({**config, **functions})


def _parameters(function: Callable[..., Any]) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return frozenset()


def _written(value: Any) -> Any:
    if not isinstance(value, types.FunctionType) or value.__name__ != "<lambda>":
        return registry.serialize(value)
    warnings.warn(
        "A Lambda layer made of a Python lambda is written as compiled code, which Leftfold never "
        "runs from a file. Use a named function decorated with register_keras_serializable().",
        stacklevel=2,
    )
    cells = [cell.cell_contents for cell in value.__closure__ or ()]
    return {
        "class_name": "__lambda__",
        "config": {
            "code": base64.encodebytes(marshal.dumps(value.__code__)).decode("ascii"),
            "defaults": registry.serialize(value.__defaults__),
            "closure": registry.serialize(cells) if cells else None,
        },
    }


def _read(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    name = value.get("config")
    if value.get("class_name") != "function" or not isinstance(name, str):
        raise ValueError(
            "A Lambda layer made of a Python lambda cannot be read from a file, since that would "
            "run code out of the file: make the model in code and load its weights."
        )
    found = registry.get_registered_object(name)
    if found is None:
        found = getattr(ops, name, None) or getattr(activations, name, None)
    if not isinstance(found, types.FunctionType):
        raise ValueError(
            f"The function {name!r} of a Lambda layer is not known: give it in "
            f"custom_objects={{{name!r}: {name}}}, or decorate it with "
            "register_keras_serializable()."
        )
    return found
