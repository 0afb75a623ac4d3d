"""Whole models in `.h5` files, in and out."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from functools import partial
from typing import Any

from leftfold.engine import registry
from leftfold.saving.archive import replacing
from leftfold.saving.errors import SavingError
from leftfold.saving.hdf5_safe import read_array
from leftfold.saving.keras2 import modern
from leftfold.saving.keras2_training import modern_compile, named, spelled_out
from leftfold.saving.legacy_h5 import LegacyReader, is_keras2, write_legacy
from leftfold.saving.legacy_weights import read_legacy_weights
from leftfold.saving.model_from_config import allowance, explained, limited, model_from
from leftfold.saving.optimizer_state import (
    Stored,
    read_state_of_keras2,
    variables_as_stored,
)
from leftfold.saving.serialization import serialize_keras_object


def save_legacy(model: Any, filepath: Any, version: str, include_optimizer: bool = True) -> None:
    """Write a model into an `.h5` file, as Keras 3 does.

    Args:
        model: a built model.
        filepath: the path.
        version: the version of Keras to write down.
        include_optimizer: whether to write how the model is trained, and the optimiser's state.

    Raises:
        SavingError: when it cannot be written.
    """
    data = serialize_keras_object(model)
    compiled = data.pop("compile_config", None)
    name = data.get("registered_name") or data["class_name"]
    metadata: dict[str, Any] = {"keras_version": version, "backend": "leftfold"}
    if include_optimizer and compiled:
        optimizer = registry.serialize(model.optimizer)
        optimizer_name = optimizer["registered_name"] or optimizer["class_name"]
        metadata["training_config"] = spelled_out(compiled) | {
            "optimizer_config": {"class_name": optimizer_name, "config": optimizer["config"]}
        }
    config = json.loads(json.dumps({"class_name": name, "config": data["config"]}))
    content = write_legacy(model, config, metadata)
    with replacing(filepath) as file:
        file.write(content)


def load_legacy(source: Any, name: str, custom_objects: Any, compile: bool) -> Any:
    """Read a model from an `.h5` file, of Keras 2 or 3.

    Args:
        source: a path.
        name: what the file is called in messages.
        custom_objects: your own classes and functions by name.
        compile: whether to compile the model as it was, its optimiser's state included.

    Raises:
        SavingError: for a file that is damaged, hostile, or needs what is not here.
    """
    with LegacyReader(source, name) as reader, explained(name):
        config = reader.json("model_config")
        if config is None:
            raise SavingError(
                f"{name} holds weights without a model: make the model in code and call its "
                "load_weights()."
            )
        version = reader.keras_version
        if version.startswith("1"):
            raise SavingError(f"{name} was written by Keras 1: load and save it with Keras 2.")
        training = reader.json("training_config") if compile else None
        with limited(allowance(reader.size())):
            model = _model(config, name, custom_objects, is_keras2(version))
            read_legacy_weights(model, reader)
            if isinstance(training, dict):
                _compile(model, training, custom_objects)
                _read_optimizer(model, reader, is_keras2(version))
    return model


def _model(config: Any, name: str, custom_objects: Any, keras2: bool) -> Any:
    if not isinstance(config, dict) or not {"class_name", "config"} <= config.keys():
        raise SavingError(f"{name} does not describe a model.")
    return model_from(named(modern(config) if keras2 else config, "models"), name, custom_objects)


def _compile(model: Any, training: Any, custom_objects: Mapping[str, Any] | None) -> None:
    with registry.custom_object_scope(custom_objects):
        model.compile_from_config(modern_compile(training))


def _read_optimizer(model: Any, reader: LegacyReader, keras2: bool) -> None:
    where = f"the optimizer in {reader.name}"
    stored = reader.optimizer()
    if model.optimizer is None or not stored:
        return
    if keras2:
        arrays: list[Stored] = [
            (name, dataset.shape, partial(read_array, dataset, where)) for name, dataset in stored
        ]
        read_state_of_keras2(model.optimizer, arrays, where)
        return
    shapes = [dataset.shape for _, dataset in stored]
    variables = variables_as_stored(model.optimizer, shapes)
    if [variable.shape for variable in variables][: len(shapes)] != shapes:
        warnings.warn(
            f"The state of the optimizer {model.optimizer.name} was not loaded: what is stored "
            f"for {where} does not fit it. Training begins anew.",
            stacklevel=4,
        )
        return
    for variable, (_, dataset) in zip(variables, stored, strict=False):
        variable.assign(read_array(dataset, where))


def load_legacy_weights(
    model: Any, path: str, by_name: bool = False, skip_mismatch: bool = False
) -> None:
    """Read the weights of a model from an `.h5` file, a whole model's or one of weights.

    Raises:
        SavingError: when the file is missing, damaged, hostile or does not fit the model, which
            then is unchanged.
    """
    with LegacyReader(path, path) as reader, explained(path):
        read_legacy_weights(model, reader, by_name, skip_mismatch)
