"""Names to objects and back: `get("adam")`, Keras's serialised form, the user's own classes."""

from __future__ import annotations

import contextlib
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

from leftfold.engine.naming import to_snake_case
from leftfold.engine.tensor import Tensor

T = TypeVar("T")

_PUBLIC_MODULES = {
    "leftfold.optimizers.schedules": "keras.optimizers.schedules",
    "leftfold.engine.random": "keras.random",
}
"""Where Keras publishes what does not lie in `keras.<room>`."""

_registered: dict[str, Any] = {}
_registered_names: dict[Any, str] = {}
_scopes: list[dict[str, Any]] = []

layer_classes: dict[str, Any] = {}
"""Layers by the names of their classes: an activation may be one of them."""


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[T], T]:
    """Make a class or function of yours known by name, so that files that use it can be loaded.

    Args:
        package: the first half of the registered name, `"package>name"`.
        name: the second half; the name of the class or function by default.

    Example:
        >>> from leftfold.engine.registry import register_keras_serializable
        >>> @register_keras_serializable(package="mine")
        ... def cube(x):
        ...     return x * x * x
    """

    def register(item: T) -> T:
        if isinstance(item, type) and not hasattr(item, "get_config"):
            raise ValueError(
                f"register_keras_serializable expected {item.__name__} to have get_config()."
            )
        registered_name = f"{package}>{name or item.__name__}"  # type: ignore[attr-defined]
        _registered[registered_name] = item
        _registered_names[item] = registered_name
        return item

    return register


@contextlib.contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any] | None) -> Iterator[None]:
    """Inside the `with` block, `custom_objects` are found by their names."""
    _scopes.append(dict(custom_objects or {}))
    try:
        yield
    finally:
        _scopes.pop()


def get_custom_objects() -> dict[str, Any]:
    """Everything registered, by its `"package>name"`; may be changed."""
    return _registered


def get_registered_name(item: Any) -> str:
    """The `"package>name"` under which `item` was registered, else its own name."""
    return _registered_names.get(item, item.__name__)


def get_registered_object(name: str | None, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The user's class or function of that name: from scopes, `custom_objects`, registration."""
    if name is None:
        return None
    for known in (*reversed(_scopes), custom_objects or {}, _registered):
        if name in known:
            return known[name]
    return None


def imported_class(module: Any, name: Any) -> Any:
    """The user's class of that name in a module that is imported already, `None` without one.

    Nothing is imported for it, and only classes that derive from one of Leftfold's count: what a
    file names can reach no other code.
    """
    found = getattr(sys.modules.get(module), name, None) if isinstance(module, str) else None
    if not isinstance(found, type) or found.__module__ != module or public_module(found):
        return None
    ours = any(base.__module__.startswith("leftfold.") for base in found.__mro__)
    return found if ours and module != "__main__" else None


def public_module(cls: type) -> str | None:
    """The module under which Keras publishes a class of ours, `None` for a user's class.

    Derived from the room it lies in; a class published elsewhere says so in `_keras_module`.
    """
    if "_keras_module" in cls.__dict__:
        return str(cls.__dict__["_keras_module"])
    module = cls.__module__
    if not module.startswith("leftfold."):
        return None
    for place, published in _PUBLIC_MODULES.items():
        if module == place or module.startswith(place + "."):
            return published
    return "keras." + module.split(".")[1]


def serialize(item: Any) -> Any:
    """`item` as plain data, in the form in which Keras writes it into `config.json`.

    Args:
        item: plain data (kept), arrays and tensors, functions (by name), or any object with
            `get_config()`.

    Raises:
        TypeError: for an object that has no `get_config()`.

    Example:
        >>> from leftfold import regularizers
        >>> serialize(regularizers.L2(0.1))["class_name"]
        'L2'
    """
    if item is None or isinstance(item, str | int | float | bool):
        return item
    if isinstance(item, dict):
        return {key: serialize(value) for key, value in item.items()}
    if isinstance(item, list | tuple):
        return type(item)([serialize(value) for value in item])
    if isinstance(item, np.generic):
        return item.item()
    if isinstance(item, np.ndarray | Tensor):
        kind = "__tensor__" if isinstance(item, Tensor) else "__numpy__"
        return {
            "class_name": kind,
            "config": {"value": item.tolist(), "dtype": np.asarray(item).dtype.name},
        }
    if isinstance(item, types.FunctionType):
        return {
            "module": "builtins",
            "class_name": "function",
            "config": get_registered_name(item),
            "registered_name": "function",
        }
    return _serialize_object(item)


def _serialize_object(item: Any) -> dict[str, Any]:
    cls = type(item)
    if not hasattr(item, "get_config"):
        raise TypeError(
            f"{cls.__name__} cannot be saved: it has no get_config() that returns its arguments."
        )
    module = public_module(cls)
    registered_name = None if module else get_registered_name(cls)
    if module is None and cls.__module__ != "__main__":
        module = cls.__module__
    return {
        "module": module,
        "class_name": cls.__name__,
        "config": serialize(item.get_config()),
        "registered_name": registered_name,
    }


class Registry:
    """The objects of one room under all their names.

    Args:
        kind: what they are, for messages: `"loss"`.
        objects: classes and functions. A class answers to its name and to its snake-case name.
        aliases: further names.
        base: the class of all of them; where it is `None`, whatever can be called is one.
    """

    def __init__(
        self,
        kind: str,
        objects: Iterable[Any],
        aliases: Mapping[str, Any] | None = None,
        base: type | None = None,
    ) -> None:
        self.kind = kind
        self.base = base
        self.names: dict[str, Any] = {}
        functions = []
        for item in objects:
            if isinstance(item, type):
                self.names[item.__name__] = item
                self.names[to_snake_case(item.__name__)] = item
            else:
                functions.append(item)
        self.names.update({function.__name__: function for function in functions})
        self.names.update(aliases or {})

    def find(self, name: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The class or function called `name`; the user's own come first.

        Raises:
            ValueError: naming the nearest known name.
        """
        found = get_registered_object(name, custom_objects)
        if found is None:
            found = self.names.get(name)
        if found is None:
            raise ValueError(f"Unknown {self.kind} {name!r}.{self._suggest(name)}")
        return found

    def _suggest(self, name: str) -> str:
        from difflib import get_close_matches

        known = sorted(self.names)
        for candidates in (known, [n for n in known if n.islower()]):
            near = get_close_matches(name if candidates is known else name.lower(), candidates, 1)
            if near:
                return f" Did you mean {near[0]!r}?"
        return f" Known: {', '.join(n for n in known if n.islower())}."

    def serialize(self, item: Any) -> Any:
        """The object as a Keras configuration, which `deserialize` takes back."""
        return serialize(item)

    def deserialize(self, config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The object that a Keras configuration (or a bare name) describes.

        Args:
            config: `{"class_name": ..., "config": {...}}`, a name, or `None`.
            custom_objects: the user's classes and functions by name.

        Raises:
            ValueError: for an unknown name.
            TypeError: for a configuration that is not one.
        """
        if config is None:
            return None
        if isinstance(config, str):
            return self.find(config, custom_objects)
        if not isinstance(config, dict) or "class_name" not in config:
            raise TypeError(
                f"{self.kind} expected a configuration with 'class_name' and 'config', "
                f"got {config!r}."
            )
        arguments = config.get("config")
        if config["class_name"] == "function":
            return self.find(str(arguments), custom_objects)
        found = get_registered_object(config.get("registered_name"), custom_objects)
        if found is None:
            found = imported_class(config.get("module"), config["class_name"])
        if found is None and str(config.get("module")).startswith("keras.layers"):
            found = layer_classes.get(config["class_name"])
        if found is None:
            found = self.find(config["class_name"], custom_objects)
        if not isinstance(found, type):
            return found
        with custom_object_scope(custom_objects):
            return found.from_config(arguments or {})  # type: ignore[attr-defined]

    def get(self, identifier: Any) -> Any:
        """The object meant by a name, a configuration, a class, or an object itself.

        Raises:
            ValueError: for an unknown name, with the nearest known one, or for anything that
                is not an object of this kind.
        """
        if identifier is None:
            return None
        found = identifier
        if isinstance(identifier, str):
            found = self.find(identifier)
        elif isinstance(identifier, dict):
            found = self.deserialize(identifier)
        if isinstance(found, type):
            found = found()
        if not (callable(found) if self.base is None else isinstance(found, self.base)):
            wanted = "a callable" if self.base is None else f"an instance of {self.base.__name__}"
            raise ValueError(
                f"{self.kind} expected a name, a configuration, a class or {wanted}, "
                f"got {identifier!r}."
            )
        return found
