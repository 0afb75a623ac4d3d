"""Helpers under the names that `keras.utils` gives them, gathered from where they live."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leftfold.backend import clear_session, is_keras_tensor, standardize_dtype
    from leftfold.config import (
        disable_interactive_logging,
        enable_interactive_logging,
        is_interactive_logging_enabled,
    )
    from leftfold.datasets.files import get_file
    from leftfold.engine.random import set_random_seed
    from leftfold.engine.registry import (
        custom_object_scope,
        get_custom_objects,
        get_registered_name,
        get_registered_object,
        register_keras_serializable,
    )
    from leftfold.models.data_sources import (
        PyDataset,
        pack_x_y_sample_weight,
        unpack_x_y_sample_weight,
    )
    from leftfold.models.drawing import model_to_dot, plot_model
    from leftfold.models.graph import get_source_inputs
    from leftfold.models.progbar import Progbar
    from leftfold.preprocessing.arrays import normalize, to_categorical
    from leftfold.preprocessing.sequence import pad_sequences
    from leftfold.preprocessing.series import timeseries_dataset_from_array
    from leftfold.preprocessing.split import train_validation_test
    from leftfold.preprocessing.split_dataset import split_dataset
    from leftfold.preprocessing.text_files import text_dataset_from_directory
    from leftfold.saving import deserialize_keras_object, serialize_keras_object

    Sequence = PyDataset
    CustomObjectScope = custom_object_scope

_HOMES = {
    "Progbar": "models.progbar",
    "PyDataset": "models.data_sources",
    "clear_session": "backend",
    "custom_object_scope": "engine.registry",
    "deserialize_keras_object": "saving",
    "disable_interactive_logging": "config",
    "enable_interactive_logging": "config",
    "get_custom_objects": "engine.registry",
    "get_file": "datasets.files",
    "get_registered_name": "engine.registry",
    "get_registered_object": "engine.registry",
    "get_source_inputs": "models.graph",
    "is_interactive_logging_enabled": "config",
    "is_keras_tensor": "backend",
    "model_to_dot": "models.drawing",
    "normalize": "preprocessing.arrays",
    "pack_x_y_sample_weight": "models.data_sources",
    "pad_sequences": "preprocessing.sequence",
    "plot_model": "models.drawing",
    "register_keras_serializable": "engine.registry",
    "serialize_keras_object": "saving",
    "set_random_seed": "engine.random",
    "split_dataset": "preprocessing.split_dataset",
    "standardize_dtype": "backend",
    "text_dataset_from_directory": "preprocessing.text_files",
    "timeseries_dataset_from_array": "preprocessing.series",
    "to_categorical": "preprocessing.arrays",
    "train_validation_test": "preprocessing.split",
    "unpack_x_y_sample_weight": "models.data_sources",
}

_OTHER_NAMES = {"CustomObjectScope": "custom_object_scope", "Sequence": "PyDataset"}

__all__ = [
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "Sequence",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "get_source_inputs",
    "is_interactive_logging_enabled",
    "is_keras_tensor",
    "model_to_dot",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "standardize_dtype",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "to_categorical",
    "train_validation_test",
    "unpack_x_y_sample_weight",
]


def __getattr__(name: str) -> Any:
    inner = _OTHER_NAMES.get(name, name)
    if inner not in _HOMES:
        raise AttributeError(f"module 'leftfold.utils' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"leftfold.{_HOMES[inner]}"), inner)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
