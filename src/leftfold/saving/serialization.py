"""Objects as plain data and back, in the form that Keras writes into `config.json`."""

from __future__ import annotations

import base64
import importlib
import inspect
import marshal
import types
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from leftfold.engine import KerasTensor, Tensor, registry
from leftfold.layers import Layer
from leftfold.layers import serialization as layer_serialization
from leftfold.saving.errors import SavingError

_ROOMS = (
    "layers",
    "models",
    "initializers",
    "regularizers",
    "constraints",
    "losses",
    "metrics",
    "optimizers",
    "optimizers.schedules",
    "activations",
    "random",
)
"""Where a file may take classes and functions from: `keras.layers` is `leftfold.layers`."""

_FUNCTION_ROOMS = ("activations", "losses", "metrics", "initializers", "regularizers")

_HOMES = {"Functional": "models", "DTypePolicy": "layers.dtype_policy"}
"""Classes that lie elsewhere than their public module says."""


def serialize_keras_object(obj: Any) -> Any:
    """Anything that can be part of a model's configuration, as plain data.

    Args:
        obj: a layer, model, optimiser, loss, metric, ...; a function; arrays and tensors; plain
            data, nested in lists and dictionaries.

    Returns:
        For an object its `module`, `class_name`, `config` and `registered_name`, with
        `build_config` and `compile_config` where it has them.

    Raises:
        TypeError: for an object without `get_config()`.

    Example:
        >>> from leftfold.layers import Dense
        >>> serialize_keras_object(Dense(2))["class_name"]
        'Dense'
    """
    if isinstance(obj, dict):
        return {key: serialize_keras_object(value) for key, value in obj.items()}
    if isinstance(obj, list | tuple):
        return [serialize_keras_object(value) for value in obj]
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode("utf-8")}}
    if isinstance(obj, slice):
        ends = {"start": obj.start, "stop": obj.stop, "step": obj.step}
        return {"class_name": "__slice__", "config": serialize_keras_object(ends)}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, KerasTensor):
        return _symbolic_tensor(obj)
    if isinstance(obj, types.FunctionType) and obj.__name__ == "<lambda>":
        return _lambda(obj)
    if not isinstance(obj, Layer):
        return registry.serialize(obj)
    with layer_serialization.keeping_shared_layers():
        data = layer_serialization.serialize(obj)
    data = layer_serialization.without_single_marks(data)
    if hasattr(obj, "get_compile_config"):
        compile_config = obj.get_compile_config()
        if compile_config:
            data["compile_config"] = compile_config
    return data


def _symbolic_tensor(tensor: KerasTensor) -> dict[str, Any]:
    history: Any = tensor.history
    if history is not None:
        history = [history[0].name, *history[1:]]
    config = {"shape": list(tensor.shape), "dtype": tensor.dtype, "keras_history": history}
    return {"class_name": "__keras_tensor__", "config": config}


def _lambda(function: types.FunctionType) -> dict[str, Any]:
    warnings.warn(
        "The model contains a lambda. Files hold it as compiled Python code, which Leftfold never "
        "runs from a file: it cannot load this model again, only its weights into the same model "
        "made in code. Use a function decorated with register_keras_serializable() instead.",
        stacklevel=5,
    )
    code = base64.encodebytes(marshal.dumps(function.__code__)).decode("ascii")
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    defaults = serialize_keras_object(function.__defaults__)
    closure = serialize_keras_object(cells) if cells else None
    return {"class_name": "__lambda__", "config": {"value": [code, defaults, closure]}}


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True
) -> Any:
    """The object that `serialize_keras_object` described.

    Args:
        config: plain data.
        custom_objects: your own classes and functions by name.
        safe_mode: accepted as in Keras. Code in a file is never run, whatever this says.

    Returns:
        The object; plain data as it is.

    Raises:
        SavingError: for what cannot be known or trusted.

    Example:
        >>> from leftfold.layers import Dense
        >>> deserialize_keras_object(serialize_keras_object(Dense(2))).units
        2
    """
    with registry.custom_object_scope(custom_objects), layer_serialization.keeping_shared_layers():
        return _read(config)


def _read(config: Any) -> Any:
    if isinstance(config, str):
        return registry.get_registered_object(config) or config
    if isinstance(config, list | tuple):
        return [_read(item) for item in config]
    if not isinstance(config, dict):
        return config
    if "class_name" not in config or "config" not in config:
        return {key: _read(value) for key, value in config.items()}
    name, inner = config["class_name"], config["config"]
    if not isinstance(name, str):
        raise SavingError(f"class_name expected a string, got {name!r}.")
    if name in _SPECIAL:
        return _SPECIAL[name](inner)
    if name == "function":
        return _find_function(inner, config.get("module"))
    return _read_object(config)


def _read_object(config: dict[str, Any]) -> Any:
    cls = find_class(config)
    inner = config["config"] or {}
    if not inspect.isclass(cls):
        return cls
    if not isinstance(inner, dict) or not hasattr(cls, "from_config"):
        raise SavingError(f"{config['class_name']} expected a configuration, got {inner!r}.")
    if issubclass(cls, Layer):
        item = layer_serialization.deserialize(config)
    else:
        item = cls.from_config(dict(inner))  # type: ignore[attr-defined]
    if config.get("compile_config") and hasattr(item, "compile_from_config"):
        item.compile_from_config(config["compile_config"])
    return item


def find_class(config: Mapping[str, Any]) -> Any:
    """The class (or what is registered in its place) that a configuration names.

    Raises:
        SavingError: when it is neither one of ours nor one that the user made known.
    """
    name = config["class_name"]
    for key in (config.get("registered_name"), name):
        found = registry.get_registered_object(key) if isinstance(key, str) else None
        if found is not None:
            return found
    module = config.get("module") or ""
    for room in _rooms(module) if isinstance(module, str) else ():
        found = getattr(_room(_HOMES.get(name, room)), name, None)
        if inspect.isclass(found) and found.__module__.startswith("leftfold."):
            return found
    if (imported := registry.imported_class(module, name)) is not None:
        return imported
    raise SavingError(
        f"The class {name!r} of {module or 'no module'} is not known here. If it is yours, "
        "decorate it with register_keras_serializable() or pass "
        f"custom_objects={{{name!r}: {name}}}."
    )


def _rooms(module: str) -> list[str]:
    """The namespaces in which classes of a Keras module may lie."""
    parts = module.split(".")
    if parts[0] != "keras":
        return []
    place = ".".join(parts[1:]).removeprefix("src.")
    if place in ("", "src"):
        return list(_ROOMS)
    exact = [room for room in _ROOMS if place == room or place.startswith(room + ".")]
    return sorted(exact, key=len, reverse=True)


def _room(name: str) -> Any:
    return importlib.import_module(f"leftfold.{name}")


def _find_function(name: Any, module: Any) -> Any:
    if not isinstance(name, str):
        raise SavingError(f"A function expected a name, got {name!r}.")
    found = registry.get_registered_object(name)
    if found is not None:
        return found
    if module == "builtins" or str(module).split(".")[0] == "keras":
        for room in _FUNCTION_ROOMS:
            found = getattr(_room(room), name, None)
            if callable(found) and getattr(found, "__module__", "").startswith("leftfold."):
                return found
    raise SavingError(
        f"The function {name!r} is not known here. If it is yours, decorate it with "
        f"register_keras_serializable() or pass custom_objects={{{name!r}: {name}}}; a model that "
        "needs it only for training loads with compile=False."
    )


def _read_tensor(config: dict[str, Any]) -> Tensor:
    return Tensor(_read_array(config))


def _read_array(config: dict[str, Any]) -> np.ndarray:
    dtype = np.dtype(config["dtype"])
    if dtype.kind not in "biufc":
        raise SavingError(f"An array expected numbers, got dtype {dtype}.")
    return np.array(config["value"], dtype=dtype)


def _read_symbolic(config: dict[str, Any]) -> KerasTensor:
    # Between layers of mixed precision Keras has tensors of bfloat16.
    dtype = "float32" if config["dtype"] == "bfloat16" else config["dtype"]
    tensor = KerasTensor(tuple(config["shape"]), dtype)
    tensor.history = tuple(config["keras_history"])
    return tensor


def _read_slice(config: dict[str, Any]) -> slice:
    return slice(_read(config["start"]), _read(config["stop"]), _read(config["step"]))


def _refuse_lambda(config: Any) -> Any:
    raise SavingError(
        "The model contains a Python lambda as compiled code. Leftfold never runs code out of a "
        "file, with safe_mode=False neither: make the model in code and load_weights() from the "
        "file, or save it with a named function registered by register_keras_serializable()."
    )


_SPECIAL = {
    "__keras_tensor__": _read_symbolic,
    "__tensor__": _read_tensor,
    "__numpy__": _read_array,
    "__bytes__": lambda config: config["value"].encode("utf-8"),
    "__ellipsis__": lambda config: Ellipsis,
    "__slice__": _read_slice,
    "__lambda__": _refuse_lambda,
}
