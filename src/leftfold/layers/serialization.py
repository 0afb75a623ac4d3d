"""Layers as plain data and back, and the constructor arguments of layers that do not say."""

from __future__ import annotations

import contextlib
import inspect
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeVar

from leftfold.engine import registry
from leftfold.engine.symbolic import leaves

C = TypeVar("C", bound=type)

_classes = registry.layer_classes
_PLAIN = (str, int, float, bool, type(None))


_SHARED = "leftfold_shared_id"
"""Marks a layer that lies in several models of a file. Keras, whose own mark does not survive
models in models, overlooks it."""

_seen: ContextVar[dict[int, Any] | None] = ContextVar("_seen", default=None)


@contextlib.contextmanager
def keeping_shared_layers() -> Iterator[None]:
    """Inside the block, a layer written twice is one layer again when read inside such a block."""
    token = _seen.set({})
    try:
        yield
    finally:
        _seen.reset(token)


def known_layer(cls: C) -> C:
    """Make a class findable by its name when layers are read from plain data.

    Unless it says so, it takes numbers only.
    """
    _classes[cls.__name__] = cls
    if "reads_texts" not in cls.__dict__:
        cls.reads_texts = False  # type: ignore[attr-defined]
    return cls


def serialize(layer: Any) -> dict[str, Any]:
    """A layer as Keras writes it: class, configuration, and the shapes it was built for."""
    data: dict[str, Any] = registry.serialize(layer)
    if str(data["module"]).startswith("keras.src."):
        data["registered_name"] = data["class_name"]
    build_config = layer.get_build_config()
    if build_config is not None:
        data["build_config"] = build_config
    written = _seen.get()
    if written is not None:
        data[_SHARED] = written.setdefault(id(layer), (len(written), layer))[0]
    return data


def without_single_marks(data: Any) -> Any:
    """What was written in a block of `keeping_shared_layers`, marked only where it matters."""
    counts: Counter[int] = Counter()

    def visit(item: Any, act: Callable[[dict[str, Any]], None]) -> None:
        if isinstance(item, dict):
            act(item)
        if isinstance(item, dict | list | tuple):
            for inner in item.values() if isinstance(item, dict) else item:
                visit(inner, act)

    def drop_single(item: dict[str, Any]) -> None:
        if counts[item.get(_SHARED, -1)] == 1:
            del item[_SHARED]

    visit(data, lambda item: counts.update([item[_SHARED]] if _SHARED in item else []))
    visit(data, drop_single)
    return data


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The layer that `serialize` described, with fresh weights where its input shape is known.

    Raises:
        ValueError: for a class that is neither ours nor registered nor in `custom_objects`.
    """
    if not isinstance(config, dict):
        return config
    name, read = config["class_name"], _seen.get()
    mark = config.get(_SHARED)
    if read is not None and isinstance(mark, int) and mark in read:
        return read[mark]
    with registry.custom_object_scope(custom_objects):
        cls: Any = registry.get_registered_object(config.get("registered_name"))
        for known in (name, str(name).split(">")[-1]):
            cls = cls or registry.get_registered_object(known) or _classes.get(known)
        cls = cls or registry.imported_class(config.get("module"), name)
        if cls is None:
            raise ValueError(
                f"Unknown layer class {name!r}: give it in custom_objects={{{name!r}: ...}}, or "
                "decorate it with register_keras_serializable()."
            )
        layer = cls.from_config(_without_unset(config["config"]))
        if config.get("build_config") and not layer.built:
            layer.build_from_config(config["build_config"])
    if read is not None and isinstance(mark, int):
        read[mark] = layer
    return layer


def _without_unset(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration without what Keras writes into every one and is not set in this."""
    unset = {"quantization_config"}
    return {name: value for name, value in config.items() if name not in unset or value is not None}


class Arguments(NamedTuple):
    """What a constructor was called with."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def automatic_config(layer: Any, base: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a layer whose class defines no `get_config`.

    Its constructor's arguments with their defaults, and of `base` what the constructor takes.

    Raises:
        NotImplementedError: when an argument is not plain data, or cannot be given by name.
    """
    signature = inspect.signature(type(layer).__init__)
    parameters = signature.parameters.values()
    bound = signature.bind(layer, *layer._arguments.args, **layer._arguments.kwargs)
    bound.apply_defaults()
    given = dict(list(bound.arguments.items())[1:])
    for parameter in parameters:
        if parameter.kind is parameter.VAR_KEYWORD:
            given.update(given.pop(parameter.name))
            break
    else:
        base = {name: value for name, value in base.items() if name in signature.parameters}
    positional = any(_only_by_position(p) and given.pop(p.name, None) for p in parameters)
    if positional or not all(isinstance(leaf, _PLAIN) for leaf in leaves(given)):
        raise NotImplementedError(
            f"{type(layer).__name__} was given arguments that are not plain data. Define "
            "get_config() to return super().get_config() and each of its own arguments by name."
        )
    return given | base


def _only_by_position(parameter: inspect.Parameter) -> bool:
    by_position = (parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY)
    return parameter.kind in by_position and parameter.name != "self"


def overrides(layer: Any, method: str, base: type) -> bool:
    """Whether the layer's class defines `method` anew."""
    own: Callable[..., Any] = getattr(type(layer), method)
    return own is not getattr(base, method)
