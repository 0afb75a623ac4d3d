"""Models as files: the `.keras` format of Keras 3, in and out; hostile files expected."""

from leftfold.engine.registry import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from leftfold.saving.errors import SavingError
from leftfold.saving.model_files import (
    load_model,
    load_weights,
    model_from_json,
    save_model,
    save_weights,
)
from leftfold.saving.serialization import deserialize_keras_object, serialize_keras_object

CustomObjectScope = custom_object_scope

__all__ = [
    "CustomObjectScope",
    "SavingError",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "model_from_json",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]
