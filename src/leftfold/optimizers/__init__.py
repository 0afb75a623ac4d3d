"""Optimisers, by Keras's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leftfold.engine.registry import Registry, get_registered_object
from leftfold.optimizers import schedules
from leftfold.optimizers.adafactor import Adafactor
from leftfold.optimizers.adagrad import Adadelta, Adagrad
from leftfold.optimizers.adam import Adam, Adamax, AdamW
from leftfold.optimizers.ftrl import Ftrl
from leftfold.optimizers.lamb import Lamb
from leftfold.optimizers.lion import Lion
from leftfold.optimizers.muon import Muon
from leftfold.optimizers.nadam import Nadam
from leftfold.optimizers.optimizer import Optimizer
from leftfold.optimizers.rmsprop import RMSprop
from leftfold.optimizers.schedule_free import ScheduleFreeAdamW
from leftfold.optimizers.sgd import SGD

_classes = [
    *(SGD, Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion, Muon, Nadam),
    *(RMSprop, ScheduleFreeAdamW),
]
_registry = Registry("optimizer", [], {cls.__name__.lower(): cls for cls in _classes}, Optimizer)
serialize = _registry.serialize


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The optimiser that a Keras configuration describes; upper and lower case are one."""
    if isinstance(config, dict) and "class_name" in config:
        config = {**config, "class_name": _canonical(config["class_name"], custom_objects)}
    return _registry.deserialize(config, custom_objects)


def get(identifier: Any) -> Any:
    """The optimiser meant by a name, a configuration, a class or an optimiser.

    Raises:
        ValueError: for an unknown name, with the nearest known one.

    Example:
        >>> type(get("adam")).__name__
        'Adam'
    """
    if isinstance(identifier, str):
        identifier = _canonical(identifier)
    elif isinstance(identifier, dict):
        identifier = deserialize(identifier)
    return _registry.get(identifier)


def _canonical(name: str, custom_objects: Mapping[str, Any] | None = None) -> str:
    own = get_registered_object(name, custom_objects) is not None
    return name if own or name.lower() not in _registry.names else name.lower()


__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "Muon",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]
