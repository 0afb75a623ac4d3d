"""Whole models and their weights, to files and back."""

from __future__ import annotations

import contextlib
import datetime
import json
import math
import os
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from leftfold.engine import limits
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
from leftfold.saving.serialization import deserialize_keras_object, serialize_keras_object
from leftfold.saving.weights import read_weights, write_weights

KERAS_VERSION = "3.15.1"
"""The version of Keras whose files these are."""

_MOST_ELEMENTS = 1 << 28
"""Elements in one row of an input; no model that fits a computer comes near."""


def save_model(
    model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
) -> None:
    """Write a model into a `.keras` file: structure, weights, optimiser and its state.

    The file replaces an older one in one go, once it is complete.

    Args:
        model: the model.
        filepath: a path that ends in `.keras`, or a file open for binary writing.
        overwrite: whether an existing file may be replaced.
        zipped: accepted as in Keras; the file is always one file.
        **kwargs: `include_optimizer` and `save_format` of older code, without effect.

    Raises:
        SavingError: for another ending, an existing file that may not be replaced, or a file
            that cannot be written.
    """
    unknown = set(kwargs) - {"include_optimizer", "save_format"}
    if unknown:
        raise TypeError(f"save_model does not take the argument {min(unknown)!r}.")
    if not hasattr(filepath, "write"):
        _check_target(filepath, ".keras", overwrite)
        if zipped is False:
            raise SavingError(f"{filepath} expected zipped=True: a .keras file is one file.")
    if not model.built:
        warnings.warn(
            f"The model {model.name} is saved without weights, because it is not built yet: call "
            "it on data, or give it an Input, first.",
            stacklevel=3,
        )
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
    """Read a model from a `.keras` file, Leftfold's or Keras's.

    Args:
        filepath: a path, or a file open for binary reading.
        custom_objects: your own classes and functions by name.
        compile: whether to compile the model as it was, its optimiser's state included.
        safe_mode: accepted as in Keras. Code in a file is never run, whatever this says.

    Raises:
        SavingError: for a file that is missing, damaged, hostile, or needs what is not here.
    """
    if not hasattr(filepath, "read") and str(filepath).endswith((".h5", ".hdf5")):
        raise SavingError(
            f"{filepath} is in the older HDF5 format, which is not supported: load it with Keras "
            "and save it as .keras."
        )
    with Archive(filepath) as archive:
        config = archive.read_json(CONFIG)
        if WEIGHTS not in archive and "model.weights.npz" in archive:
            raise SavingError(f"{archive.name} holds its weights as .npz: save them as .h5.")
        weights = archive.read(WEIGHTS)
        name = archive.name
    if isinstance(config, dict) and not compile:
        config["compile_config"] = None
    with _explained(name), limits.weights_limited(_allowance(len(weights))):
        model = _model_from(config, name, custom_objects)
        with WeightsReader(weights, name) as reader:
            read_weights(model, reader)
    return model


def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write the weights of a model, and its optimiser's state, into a `.weights.h5` file.

    Raises:
        SavingError: for another ending, a model that is not built, an existing file that may
            not be replaced, or a file that cannot be written.
    """
    _check_target(filepath, ".weights.h5", overwrite)
    _check_built(model)
    content = write_weights(model)
    with replacing(filepath) as file:
        file.write(content)


def load_weights(
    model: Any, filepath: Any, skip_mismatch: bool = False, by_name: bool | None = None
) -> None:
    """Read the weights of a model from a `.weights.h5` or `.keras` file.

    Args:
        model: a built model of the same structure.
        filepath: the file.
        skip_mismatch: leave layers alone, with a warning, whose weights do not fit.
        by_name: refused; it belongs to the older HDF5 format.

    Raises:
        SavingError: for a file that is missing, damaged, hostile or does not fit the model,
            whose weights then are unchanged.
    """
    if by_name:
        raise SavingError("by_name=True belongs to the older HDF5 format, which is not supported.")
    _check_built(model)
    path = str(filepath)
    source: Any = path
    if path.endswith(".keras"):
        with Archive(path) as archive:
            source = archive.read(WEIGHTS)
    elif not path.endswith(".weights.h5"):
        raise SavingError(f"{path} expected a name that ends in .weights.h5 or .keras.")
    with _explained(path), WeightsReader(source, path) as reader:
        read_weights(model, reader, skip_mismatch)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A model with fresh weights from what `model.to_json()` gave.

    Raises:
        SavingError: for what is no model's JSON.
    """
    with _explained("The JSON text"):
        return _model_from(
            parse_json(json_string, "The JSON text"), "The JSON text", custom_objects
        )


def _model_from(config: Any, name: str, custom_objects: Mapping[str, Any] | None) -> Any:
    if not isinstance(config, dict) or "class_name" not in config:
        raise SavingError(f"{name} does not describe a model.")
    _check_shapes(config, name)
    model = deserialize_keras_object(config, custom_objects)
    if not hasattr(model, "_state_children"):
        raise SavingError(f"{name} describes a {type(model).__name__}, not a model.")
    return model


def _check_shapes(config: Any, name: str) -> None:
    """Refuse inputs of absurd size before any zeros are made to try the model with."""
    stack = [config]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            for key in ("batch_shape", "build_input_shape", "batch_input_shape"):
                shape = item.get(key)
                sizes = [n for n in shape if isinstance(n, int)] if isinstance(shape, list) else []
                if math.prod(abs(n) for n in sizes) > _MOST_ELEMENTS:
                    raise SavingError(f"{name} was refused: it has an input of shape {shape}.")
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def _allowance(stored: int) -> int:
    """How many bytes of weights a model may make that comes with so many bytes of them."""
    return 4 * stored + (16 << 20)


@contextlib.contextmanager
def _explained(name: str) -> Iterator[None]:
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


def _check_target(filepath: Any, ending: str, overwrite: bool) -> None:
    if not str(filepath).endswith(ending):
        raise SavingError(f"{filepath} expected a name that ends in {ending}.")
    if not overwrite and os.path.exists(filepath):
        raise SavingError(f"{filepath} exists already: pass overwrite=True to replace it.")


def _check_built(model: Any) -> None:
    if not model.built:
        raise SavingError(
            f"The model {model.name} has no weights yet: call it on data, or build() it, first."
        )
