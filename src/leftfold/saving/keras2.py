"""Configurations that Keras 2 wrote, said again in the words of Keras 3. Plain data throughout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from leftfold import ops
from leftfold.engine import registry
from leftfold.saving.errors import SavingError
from leftfold.saving.keras2_graph import modern_graph

Config = dict[str, Any]

_UNSAID = frozenset(
    {"input_length", "query_shape", "key_shape", "value_shape", "fused", "type_spec", "ragged"}
)
"""What no longer needs saying: it follows from the data, or is a matter of speed."""

_MUST_BE: dict[str, tuple[Any, ...]] = {
    "time_major": (False, None),
    "renorm": (False, None),
    "virtual_batch_size": (None,),
    "adjustment": (None,),
    "causal": (False, None),
    "experimental_autocast": (True, None),
    "softmax_robust_masking": (False, None),
}
"""Arguments that are gone, with the values that meant nothing."""

_RENAMED = {"CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU", "Model": "Functional"} | {
    name: name.removesuffix("V1")
    for name in ("BatchNormalizationV1", "DenseV1", "LSTMV1", "GRUV1", "EmbeddingV1")
}
_MODELS = ("Sequential", "Functional")


@registry.register_keras_serializable("leftfold")
def hard_sigmoid_of_keras2(x: Any) -> Any:
    """`0.2 x + 0.5` between 0 and 1: what `hard_sigmoid` meant before Keras 3 made it `x/6 + 0.5`.

    Example:
        >>> hard_sigmoid_of_keras2([-3.0, 0.0, 3.0]).tolist()
        [0.0, 0.5, 1.0]
    """
    return ops.clip(ops.add(ops.multiply(x, 0.2), 0.5), 0.0, 1.0)


_HARD_SIGMOID = registry.serialize(hard_sigmoid_of_keras2)


def modern(data: Any) -> Any:
    """Plain data that describes layers, with every layer in it as Keras 3 would write it.

    Args:
        data: a layer's or model's `{"class_name", "config"}`, or lists and dictionaries of such.

    Raises:
        SavingError: for a setting that has no meaning today.

    Example:
        >>> modern({"class_name": "CuDNNGRU", "config": {"units": 2}})["config"]
        {'units': 2, 'reset_after': True}
    """
    if isinstance(data, list):
        return [modern(item) for item in data]
    if not isinstance(data, dict):
        return data
    if not isinstance(data.get("class_name"), str) or "config" not in data:
        return {key: modern(value) for key, value in data.items()}
    return _modern_object(data)


def _modern_object(data: Config) -> Config:
    given = data["class_name"]
    name = _RENAMED.get(given, given)
    if name == "Functional" and "layers" not in data["config"]:
        name = given
    kept = {key: value for key, value in data.items() if key != "build_config"}
    data = kept if _is_keras(data) else dict(data)
    data["class_name"] = name
    if name in _MODELS:
        data |= {"module": "keras", "registered_name": None}
    config = data["config"]
    if name == "Sequential":
        data["config"] = _modern_stack(config)
    elif isinstance(config, dict) and {"layers", "output_layers"} <= config.keys():
        data["config"] = modern_graph(modern(config))
    elif isinstance(config, dict):
        data["config"] = _modern_config(given, config)
    return data


def _is_keras(data: Config) -> bool:
    """Whether a class is one of Keras's own, whose shapes follow from its calls."""
    return str(data.get("module", "keras")).split(".")[0] in ("keras", "tf_keras")


def _modern_stack(config: Any) -> Config:
    """A `Sequential`, which until Keras 2.2 was a mere list of layers, from its input on."""
    config = {"layers": config} if isinstance(config, list) else dict(config)
    layers = config.get("layers")
    if isinstance(layers, list) and layers and isinstance(layers[0], dict):
        first = layers[0].get("config")
        shape = first.get("batch_input_shape") if isinstance(first, dict) else None
        if shape is not None and layers[0].get("class_name") != "InputLayer":
            layers = [{"class_name": "InputLayer", "config": {"batch_shape": shape}}, *layers]
    return {**config, "layers": modern(layers)}


def _modern_config(name: str, config: Config) -> Config:
    """The arguments of one layer or object."""
    config = {key: modern(value) for key, value in config.items() if key not in _UNSAID}
    for key, harmless in _MUST_BE.items():
        value = config.pop(key, None)
        if value not in harmless:
            raise SavingError(
                f"{name} {config.get('name', '')} was saved by Keras 2 with {key}={value!r}, which "
                "Keras 3 and Leftfold do not have."
            )
    shape = config.pop("batch_input_shape", None)
    if shape is not None and name == "InputLayer":
        config["batch_shape"] = shape
    for key, value in config.items():
        if key.endswith("_initializer") and isinstance(value, dict):
            config[key] = _modern_initializer(value)
        elif key.endswith("activation") and value == "hard_sigmoid":
            config[key] = _HARD_SIGMOID
        elif key == "axis" and isinstance(value, list) and len(value) == 1:
            config[key] = value[0]
    rule = _RULES.get(name)
    return rule(config) if rule else config


def _modern_initializer(data: Config) -> Config:
    config = data.get("config")
    if not isinstance(config, dict):
        return data
    return {**data, "config": {key: value for key, value in config.items() if key != "dtype"}}


def _cudnn_gru(config: Config) -> Config:
    return {**config, "reset_after": True}


def _gru(config: Config) -> Config:
    """Before Keras 2.2 the reset gate always came first, and files did not say so."""
    return {"reset_after": False, **config}


def _leaky_relu(config: Config) -> Config:
    return {("negative_slope" if key == "alpha" else key): value for key, value in config.items()}


def _lambda(config: Config) -> Config:
    """A function by its name, or code, which is refused where it is read."""
    kind = config.get("function_type")
    kept = ("name", "trainable", "dtype", "function", "arguments")
    config = {key: config[key] for key in kept if key in config}
    function = config.get("function")
    if isinstance(function, list):
        config["function"] = {"class_name": "__lambda__", "config": {"value": function}}
    elif isinstance(function, str) and kind in ("function", None):
        config["function"] = {"module": "builtins", "class_name": "function", "config": function}
    return config


_RULES: dict[str, Callable[[Config], Config]] = {
    "CuDNNGRU": _cudnn_gru,
    "GRU": _gru,
    "GRUCell": _gru,
    "LeakyReLU": _leaky_relu,
    "Lambda": _lambda,
}
