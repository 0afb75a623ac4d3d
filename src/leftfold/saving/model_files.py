"""Whole models and their weights, to files and back."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import warnings
from collections.abc import Mapping
from typing import Any

from leftfold.saving.archive import (
    CONFIG,
    METADATA,
    WEIGHTS,
    Archive,
    parse_json,
    replacing,
    write_archive,
)
from leftfold.saving.errors import SavingError
from leftfold.saving.hdf5 import WeightsReader
from leftfold.saving.keras2 import modern
from leftfold.saving.keras2_training import modern_compile, named
from leftfold.saving.legacy_h5 import ENDINGS, is_keras2
from leftfold.saving.legacy_models import load_legacy, load_legacy_weights, save_legacy
from leftfold.saving.model_from_config import allowance, explained, limited, model_from
from leftfold.saving.serialization import serialize_keras_object
from leftfold.saving.sharded import ShardedReader
from leftfold.saving.weights import read_weights, write_weights

KERAS_VERSION = "3.15.1"
"""The version of Keras whose files these are."""

WEIGHTS_ENDINGS = (".weights.h5", ".weights.json", ".keras", *ENDINGS)


def save_model(
    model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
) -> None:
    """Write a model into a file: structure, weights, optimiser and its state.

    The file replaces an older one in one go, once it is complete.

    Args:
        model: the model.
        filepath: a path that ends in `.keras`, or in `.h5` for the older format, or a file open
            for binary writing, which becomes a `.keras` file.
        overwrite: whether an existing file may be replaced.
        zipped: accepted as in Keras; the file is always one file.
        **kwargs: `include_optimizer`, which counts for `.h5`; `save_format` of older code,
            without effect.

    Raises:
        SavingError: for another ending, an existing file that may not be replaced, or a file
            that cannot be written.
    """
    unknown = set(kwargs) - {"include_optimizer", "save_format"}
    if unknown:
        raise TypeError(f"save_model does not take the argument {min(unknown)!r}.")
    if not hasattr(filepath, "write"):
        _check_target(filepath, (".keras", *ENDINGS), overwrite)
        if zipped is False:
            raise SavingError(f"{filepath} expected zipped=True: a model is saved as one file.")
    if not model.built:
        warnings.warn(
            f"The model {model.name} is saved without weights, because it is not built yet: call "
            "it on data, or give it an Input, first.",
            stacklevel=3,
        )
    if not hasattr(filepath, "write") and str(filepath).endswith(ENDINGS):
        save_legacy(model, filepath, KERAS_VERSION, kwargs.get("include_optimizer", True))
        return
    metadata = {
        "keras_version": KERAS_VERSION,
        "date_saved": datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S"),
    }
    write_archive(
        filepath,
        {
            METADATA: json.dumps(metadata).encode(),
            CONFIG: json.dumps(serialize_keras_object(model)).encode(),
            WEIGHTS: write_weights(model),
        },
    )


def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """Read a model from a `.keras` or `.h5` file: Leftfold's, or that of any Keras since 2.

    Args:
        filepath: a path, or a `.keras` file open for binary reading.
        custom_objects: your own classes and functions by name.
        compile: whether to compile the model as it was, its optimiser's state included.
        safe_mode: accepted as in Keras. Code in a file is never run, whatever this says.

    Raises:
        SavingError: for a file that is missing, damaged, hostile, or needs what is not here.
    """
    if not hasattr(filepath, "read") and str(filepath).endswith(ENDINGS):
        return load_legacy(filepath, str(filepath), custom_objects, compile)
    with Archive(filepath) as archive, explained(archive.name):
        name = archive.name
        config = archive.read_json(CONFIG)
        keras2 = is_keras2(archive.keras_version())
        if isinstance(config, dict):
            compiled = config.pop("compile_config", None) if compile else None
            config = named(modern(config) if keras2 else config, "models")
            config["compile_config"] = modern_compile(compiled) if keras2 and compiled else compiled
        weights, size = archive.open(WEIGHTS)
        with limited(allowance(size)), WeightsReader(weights, name) as reader:
            model = model_from(config, name, custom_objects)
            read_weights(model, reader, keras2=keras2)
    return model


def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write the weights of a model, and its optimiser's state, into a `.weights.h5` file.

    Raises:
        SavingError: for another ending, a model that is not built, an existing file that may
            not be replaced, or a file that cannot be written.
    """
    _check_target(filepath, (".weights.h5",), overwrite)
    _check_built(model)
    content = write_weights(model)
    with replacing(filepath) as file:
        file.write(content)


def load_weights(
    model: Any,
    filepath: Any,
    skip_mismatch: bool = False,
    by_name: bool | None = None,
) -> None:
    """Read the weights of a model from a file.

    Args:
        model: a built model of the same structure.
        filepath: a `.weights.h5` file, the `.weights.json` of one in several parts, a `.keras`
            file, or an `.h5` file of the older format, with or without a model.
        skip_mismatch: leave layers alone, with a warning, whose weights do not fit.
        by_name: for `.h5` files: find layers by their names, and leave alone those that only
            the model or only the file has.

    Raises:
        SavingError: for a file that is missing, damaged, hostile or does not fit the model,
            whose weights then are unchanged.
    """
    path = str(filepath)
    ending = next((e for e in WEIGHTS_ENDINGS if path.endswith(e)), None)
    if ending is None:
        raise SavingError(f"{path} expected a name that ends in {_either(WEIGHTS_ENDINGS)}.")
    if by_name is not None and ending not in ENDINGS:
        raise SavingError(
            f"by_name={by_name} belongs to files of the older format, {_either(ENDINGS)}; in "
            f"{path} layers lie by their place in the model."
        )
    _check_built(model)
    if ending in ENDINGS:
        load_legacy_weights(model, path, bool(by_name), skip_mismatch)
        return
    with explained(path), contextlib.ExitStack() as stack:
        keras2 = False
        source: Any = path
        if ending == ".keras":
            archive = stack.enter_context(Archive(path))
            keras2 = is_keras2(archive.keras_version())
            source, _ = archive.open(WEIGHTS)
        in_parts = ending == ".weights.json"
        reader: Any = ShardedReader(path, path) if in_parts else WeightsReader(source, path)
        read_weights(model, stack.enter_context(reader), skip_mismatch, keras2=keras2)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A model with fresh weights from what `model.to_json()` gave.

    Raises:
        SavingError: for what is no model's JSON.
    """
    with explained("The JSON text"):
        return model_from(parse_json(json_string, "The JSON text"), "The JSON text", custom_objects)


def _check_target(filepath: Any, endings: tuple[str, ...], overwrite: bool) -> None:
    if not str(filepath).endswith(endings):
        raise SavingError(f"{filepath} expected a name that ends in {_either(endings)}.")
    if not overwrite and os.path.exists(filepath):
        raise SavingError(f"{filepath} exists already: pass overwrite=True to replace it.")


def _either(endings: tuple[str, ...]) -> str:
    return " or ".join([", ".join(endings[:-1]), endings[-1]] if endings[1:] else endings)


def _check_built(model: Any) -> None:
    if not model.built:
        raise SavingError(
            f"The model {model.name} has no weights yet: call it on data, or build() it, first."
        )
