"""A model from plain data that nobody vouches for, within bounds."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from typing import Any

from leftfold.engine import limits
from leftfold.saving.errors import SavingError
from leftfold.saving.serialization import deserialize_keras_object

limited = limits.weights_limited

_MOST_ELEMENTS = 1 << 26
"""Elements in one row of an input; no model that fits a computer comes near."""

_MOST_OBJECTS = 20_000
"""Layers, initialisers, ...; a model of a hundred recurrent layers has about a thousand."""

_SHAPES = ("batch_shape", "build_input_shape", "batch_input_shape", "input_shape")


def model_from(config: Any, name: str, custom_objects: Mapping[str, Any] | None) -> Any:
    """The model that a configuration describes.

    Args:
        config: plain data.
        name: what the file is called in messages.
        custom_objects: your own classes and functions by name.

    Raises:
        SavingError: when it describes none, or one of absurd size.
    """
    if not isinstance(config, dict) or "class_name" not in config:
        raise SavingError(f"{name} does not describe a model.")
    check_sizes(config, name)
    model = deserialize_keras_object(config, custom_objects)
    if not hasattr(model, "_state_children"):
        raise SavingError(f"{name} describes a {type(model).__name__}, not a model.")
    return model


def check_sizes(config: Any, name: str) -> None:
    """Refuse what is absurdly large before anything is made of it.

    Args:
        config: plain data.
        name: what the file is called in messages.

    Raises:
        SavingError: for too many objects, or an input that no computer holds.
    """
    objects, stack = 0, [config]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            objects += "class_name" in item
            if objects > _MOST_OBJECTS:
                raise SavingError(f"{name} was refused: it describes over {_MOST_OBJECTS} objects.")
            for key in _SHAPES:
                shape = item.get(key)
                if not isinstance(shape, list):
                    continue
                if math.prod(abs(n) for n in shape if isinstance(n, int)) > _MOST_ELEMENTS:
                    raise SavingError(f"{name} was refused: it has an input of shape {shape}.")
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def allowance(stored: int) -> int:
    """How many bytes of weights a model may make that comes with so many bytes of them."""
    return 4 * stored + (16 << 20)


@contextlib.contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn whatever goes wrong inside into an error that names the file."""
    try:
        yield
    except SavingError as error:
        if name in str(error):
            raise
        raise SavingError(f"{name} cannot be loaded: {error}") from error
    except (KeyboardInterrupt, SystemExit):
        raise
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
        raise SavingError(f"{name} cannot be loaded: {kind}{reason}") from error
