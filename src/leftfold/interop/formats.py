"""The formats that models and weights come in, by the endings of their files.

To add one is a line in `FORMATS`. Functions are named, not imported: what a format needs is
loaded when a file of it is at hand.

Example:
    >>> format_of("model.weights.h5").name
    'Keras weights'
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, NamedTuple

from leftfold.saving import SavingError
from leftfold.saving.description import Description


class ConversionNote(UserWarning):
    """Something about a converted model that its user must know."""


class Format(NamedTuple):
    """What can be done with the files of one format; each `module:function`, or empty.

    Attributes:
        name: for messages.
        endings: of file names.
        describe: takes a path, returns a `Description`.
        read: takes a path, returns a model.
        write: takes a model and a path.
        fill: takes a model and a path, and gives the model the weights in it: for formats that
            hold no model.
    """

    name: str
    endings: tuple[str, ...]
    describe: str = ""
    read: str = ""
    write: str = ""
    fill: str = ""


_SAVING = "leftfold.saving"
_DESCRIPTION = "leftfold.saving.description"
_TORCH = "leftfold.interop.formats_torch"
_ONNX = "leftfold.interop.formats_onnx"

FORMATS = (
    Format(
        "Keras weights",
        (".weights.h5",),
        describe=f"{_DESCRIPTION}:describe_weights",
        write=f"{_SAVING}:save_weights",
        fill=f"{_SAVING}:load_weights",
    ),
    Format(
        "Keras weights in several files",
        (".weights.json",),
        describe=f"{_DESCRIPTION}:describe_sharded",
        fill=f"{_SAVING}:load_weights",
    ),
    Format(
        "Keras model",
        (".keras",),
        describe=f"{_DESCRIPTION}:describe_keras",
        read=f"{_SAVING}:load_model",
        write=f"{_SAVING}:save_model",
    ),
    Format(
        "Keras model in HDF5",
        (".h5", ".hdf5"),
        describe=f"{_DESCRIPTION}:describe_legacy",
        read=f"{_SAVING}:load_model",
        write=f"{_SAVING}:save_model",
        fill=f"{_SAVING}:load_weights",
    ),
    Format(
        "PyTorch weights",
        (".safetensors", ".pt", ".pth"),
        describe=f"{_TORCH}:describe",
        read=f"{_TORCH}:read",
        write=f"{_TORCH}:write",
        fill=f"{_TORCH}:fill",
    ),
    Format(
        "ONNX model",
        (".onnx",),
        describe=f"{_ONNX}:describe",
        read=f"{_ONNX}:read",
        write=f"{_ONNX}:write",
    ),
)
"""The first format of which a file's name has an ending is the file's."""


def format_of(path: Any) -> Format:
    """The format of a file, by its name.

    Raises:
        SavingError: for an ending that no format has.
    """
    name = str(path)
    for form in FORMATS:
        if name.endswith(form.endings):
            return form
    endings = ", ".join(ending for form in FORMATS for ending in form.endings)
    raise SavingError(f"{name} expected a name that ends in one of {endings}.")


def describe(path: Any) -> Description:
    """What is in a file, without reading its weights.

    Raises:
        SavingError: for a file that is missing, damaged, hostile, or of no known format.
    """
    path = Path(path)
    form = format_of(path)
    if not path.is_file():
        raise SavingError(f"{path} {'is not a file' if path.exists() else 'does not exist'}.")
    description: Description = _function(form.describe)(path)
    return description


def convert(source: Any, target: Any, model: Any = None, overwrite: bool = False) -> Any:
    """Write what one file holds into another, in the format of its name.

    Args:
        source: the file to read.
        target: the file to write.
        model: a file with the model that mere weights belong to.
        overwrite: whether `target` may be replaced.

    Returns:
        The model.

    Raises:
        SavingError: for a file that cannot be read or written, or a format that cannot be
            converted from or to.
    """
    reading, writing = format_of(source), format_of(target)
    if not writing.write:
        raise SavingError(f"{target}: files of {writing.name} are not written.")
    if not overwrite and Path(target).exists():
        raise SavingError(f"{target} exists already: allow it to be replaced, or name another.")
    found = _read(source, reading, model)
    _function(writing.write)(found, str(target))
    return found


def _read(source: Any, form: Format, model: Any) -> Any:
    if model is not None:
        if not form.fill:
            raise SavingError(f"{source} holds a model of its own: leave {model} out.")
        found = _read(model, format_of(model), None)
        _function(form.fill)(found, str(source))
        return found
    if not form.read:
        raise SavingError(f"{source} holds {form.name}: name a file with the model they belong to.")
    return _function(form.read)(str(source))


def _function(name: str) -> Any:
    module, function = name.split(":")
    return getattr(importlib.import_module(module), function)
