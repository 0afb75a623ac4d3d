"""`compile` as older files and `.h5` files hold it, said again in the words of Keras 3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from leftfold import losses, metrics
from leftfold.engine import registry
from leftfold.engine.naming import to_snake_case

Config = dict[str, Any]

_GONE = {"is_legacy_optimizer", "jit_compile", "loss_scale", "dynamic", "initial_scale"}
_ARGUMENTS = ("loss", "metrics", "weighted_metrics", "loss_weights")
_ACCURACIES = ("acc", "accuracy")
_LEFT_TO_COMPILE = (*_ACCURACIES, "ce", "crossentropy")
"""Names of metrics whose meaning follows from the shapes."""


def modern_compile(training: Config) -> Config:
    """The arguments of `compile`, as plain data that `compile_from_config` takes.

    Args:
        training: the `training_config` of an `.h5` file, or the `compile_config` of a `.keras`
            file of Keras 2.

    Example:
        >>> old = {"optimizer_config": {"class_name": "SGD", "config": {"lr": 0.1}}, "loss": "mse"}
        >>> modern_compile(old)["optimizer"]["config"]
        {'learning_rate': 0.1}
    """
    optimizer = training.get("optimizer_config", training.get("optimizer"))
    compiled: Config = {"optimizer": _modern_optimizer(optimizer)}
    rooms = {"loss": "losses", "metrics": "metrics", "weighted_metrics": "metrics"}
    for key in _ARGUMENTS:
        value = training.get(key)
        compiled[key] = _modern_part(value, rooms[key]) if key in rooms else value
    return {key: value for key, value in compiled.items() if value is not None}


def _modern_optimizer(data: Any) -> Any:
    if not isinstance(data, dict) or not isinstance(data.get("config"), dict):
        return data
    config = {key: value for key, value in data["config"].items() if key not in _GONE}
    if "lr" in config:
        config["learning_rate"] = config.pop("lr")
    if not config.get("weight_decay"):
        config.pop("weight_decay", None)
    decay, rate = config.pop("decay", None), config.get("learning_rate")
    if decay and isinstance(rate, int | float):
        config["learning_rate"] = {
            "module": "keras.optimizers.schedules",
            "class_name": "InverseTimeDecay",
            "config": {"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay},
        }
    return named({**data, "config": config}, "optimizers")


def _modern_part(data: Any, room: str) -> Any:
    """Losses or metrics, alone or in lists and dictionaries."""
    if isinstance(data, list):
        return [_modern_part(item, room) for item in data]
    if not isinstance(data, dict):
        return data
    if "class_name" not in data:
        return {key: _modern_part(value, room) for key, value in data.items()}
    config = dict(data["config"]) if isinstance(data.get("config"), dict) else {}
    function = config.pop("fn", None)
    if config.get("reduction") == "auto":
        config["reduction"] = "sum_over_batch_size"
    if data["class_name"] in ("MeanMetricWrapper", "LossFunctionWrapper"):
        name = config.get("name")
        return name if name in _ACCURACIES or function is None else function
    return named({**data, "config": config}, room)


def named(data: Config, room: str) -> Config:
    """An object with the module that `.h5` files leave out, its registered name taken apart."""
    registered = data["class_name"]
    if data.get("module") or not isinstance(registered, str):
        return data
    found = registry.get_registered_object(registered) is not None
    name = registered.split(">")[-1]
    own = {"registered_name": registered} if found else {"registered_name": None}
    return {**data, **own, "class_name": name, "module": f"keras.{room}"}


def spelled_out(compiled: Config) -> Config:
    """The arguments of `compile` but the optimiser, with objects instead of names.

    Keras cannot read names of functions such as `"mse"` from an `.h5` file, its own neither.
    """
    named = {"loss": _loss_called, "metrics": _metric_called, "weighted_metrics": _metric_called}
    return {
        key: _with_objects(value, named[key]) if key in named else value
        for key, value in compiled.items()
        if key != "optimizer"
    }


def _with_objects(data: Any, called: Callable[[str], Any]) -> Any:
    if isinstance(data, str):
        return called(data)
    if isinstance(data, dict) and "class_name" not in data:
        return {key: _with_objects(value, called) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_with_objects(value, called) for value in data]
    return data


def _loss_called(name: str) -> Any:
    function = losses.get(name)
    for cls in vars(losses).values():
        if isinstance(cls, type) and to_snake_case(cls.__name__) == function.__name__:
            return registry.serialize(cls())
    return name


def _metric_called(name: str) -> Any:
    if name in _LEFT_TO_COMPILE:
        return name
    data = registry.serialize(metrics.get(name))
    return {**data, "config": {**data["config"], "name": name}}
