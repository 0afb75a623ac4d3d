"""Layers of sequence models in the Keras API, run twice: see `programs.py`.

A case is the expression of a layer, the shape of its inputs, and options: which values the inputs
have (`integers`), whether a mask comes with them (`masked`), whether it can be trained (`trains`).
"""

import importlib
import inspect
import json

import numpy as np

SERIES = (3, 8, 4)
CHANNELS_FIRST = (3, 4, 8)

CASES = {
    "conv": ("L.Conv1D(6, 3)", SERIES, {}),
    "conv_same": ("L.Conv1D(5, 4, 3, 'same', activation='relu')", SERIES, {}),
    "conv_causal": ("L.Conv1D(5, 3, padding='causal', dilation_rate=2)", SERIES, {}),
    "conv_causal_strides": ("L.Conv1D(5, 3, strides=2, padding='causal')", SERIES, {}),
    "conv_groups": ("L.Conv1D(6, 2, groups=2, use_bias=False)", SERIES, {}),
    "conv_first": (
        "L.Conv1D(6, (3,), padding='SAME', data_format='channels_first', "
        "kernel_regularizer='l2', bias_constraint='non_neg')",
        CHANNELS_FIRST,
        {},
    ),
    "conv_causal_first": (
        "L.Conv1D(6, 3, padding='causal', data_format='channels_first')",
        CHANNELS_FIRST,
        {},
    ),
    "conv_long": ("L.Conv1D(2, 3, name='x')", (2, 3, 1), {}),
    "separable": ("L.SeparableConv1D(5, 3)", SERIES, {}),
    "separable_same": (
        "L.SeparableConv1D(5, 3, 2, 'same', depth_multiplier=2, activation='tanh')",
        SERIES,
        {},
    ),
    "separable_first": (
        "L.SeparableConv1D(5, 3, data_format='channels_first', dilation_rate=2, "
        "pointwise_regularizer='l2', depthwise_constraint='max_norm')",
        CHANNELS_FIRST,
        {},
    ),
    "depthwise": ("L.DepthwiseConv1D(3)", SERIES, {}),
    "depthwise_same": ("L.DepthwiseConv1D(4, 2, 'same', 3, activation='relu')", SERIES, {}),
    "depthwise_first": (
        "L.DepthwiseConv1D(3, data_format='channels_first', use_bias=False)",
        CHANNELS_FIRST,
        {},
    ),
    "max_pooling": ("L.MaxPooling1D()", SERIES, {}),
    "max_pooling_same": ("L.MaxPooling1D(3, 2, 'same')", SERIES, {}),
    "max_pooling_ties": ("L.MaxPooling1D(3, 1)", SERIES, {"values": "zeros"}),
    "max_pooling_first": ("L.MaxPooling1D(3, data_format='channels_first')", CHANNELS_FIRST, {}),
    "average_pooling": ("L.AveragePooling1D(2)", SERIES, {}),
    "average_pooling_same": ("L.AveragePooling1D(3, 2, 'same')", SERIES, {}),
    "average_pooling_first": (
        "L.AveragePooling1D(3, 1, data_format='channels_first')",
        CHANNELS_FIRST,
        {},
    ),
}

CLASSES = sorted({case[0].split("(")[0][2:] for case in CASES.values()})


def numbers(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def array(tensor):
    return np.asarray(tensor).astype("float64")


def inputs_of(name):
    _, shape, options = CASES[name]
    kind = options.get("values")
    if kind == "zeros":
        return np.zeros(shape, "float32")
    return numbers(1, *shape)


def mask_of(shape):
    mask = np.random.default_rng(2).random(shape[:2]) < 0.6
    mask[0] = True
    return mask


def make(keras, name):
    return eval(CASES[name][0], {"L": keras.layers, "np": np})


def share_weights(layer):
    """Weights that both frameworks know."""
    shapes = [np.shape(weight) for weight in layer.get_weights()]
    layer.set_weights([0.4 * numbers(1000 + i, *shape) for i, shape in enumerate(shapes)])


def plain(value):
    return json.loads(json.dumps(value))


def layer(framework, name):
    """Configuration, weights, shapes, outputs and masks."""
    keras = importlib.import_module(framework)
    made, x = make(keras, name), inputs_of(name)
    tensor = keras.ops.convert_to_tensor(x)
    if CASES[name][2].get("masked"):
        tensor._keras_mask = keras.ops.convert_to_tensor(mask_of(x.shape))
    made(tensor)
    if CASES[name][2].get("weights", True):
        share_weights(made)
    outputs = made(tensor)
    outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    masks = [getattr(y, "_keras_mask", None) for y in outputs]
    config = plain(made.get_config())
    symbolic = made(keras.Input(batch_shape=(None, *x.shape[1:]), dtype=x.dtype.name))
    symbolic = symbolic if isinstance(symbolic, (list, tuple)) else [symbolic]
    return {
        "outputs": [array(y) for y in outputs],
        "masks": ["none" if mask is None else array(mask) for mask in masks],
        "shapes": [str(tuple(y.shape)) for y in symbolic],
        "weights": [f"{w.path.split('/', 1)[1]} {tuple(w.shape)}" for w in made.weights],
        "config": json.dumps({k: v for k, v in config.items() if k != "name"}, sort_keys=True),
        "losses": [float(loss) for loss in made.losses],
    }


def arguments(framework, name):
    """Names and defaults of a constructor's arguments, in order."""
    keras = importlib.import_module(framework)
    parameters = inspect.signature(getattr(keras.layers, name).__init__).parameters.values()
    return [f"{p.kind.name} {p.name}={p.default!r}" for p in parameters if p.default != p.empty]


def model_of(keras, name):
    """The layer between two others, so that its inputs and weights have gradients."""
    layers = keras.layers
    x = inputs = keras.Input(CASES[name][1][1:])
    x = layers.Dense(CASES[name][1][-1], activation="tanh")(x)
    if CASES[name][2].get("masked"):
        x = layers.Masking(0.5)(x)
    x = make(keras, name)(x)
    x = layers.Flatten()(x[0] if isinstance(x, (list, tuple)) else x)
    model = keras.Model(inputs, layers.Dense(1)(x))
    share_weights(model)
    return model


def train(framework, name, steps=4):
    """Losses, weights and predictions after some steps of training from shared weights."""
    keras = importlib.import_module(framework)
    model = model_of(keras, name)
    model.compile(keras.optimizers.SGD(0.05), "mse")
    x, y = inputs_of(name), numbers(5, CASES[name][1][0], 1)
    losses = [float(model.train_on_batch(x, y)) for _ in range(steps)]
    return {
        "losses": losses,
        "weights": [array(w) for w in model.get_weights()],
        "predictions": array(model.predict(x, verbose=0)),
    }


def write(framework, name, path):
    keras = importlib.import_module(framework)
    model = model_of(keras, name)
    model.save(path)
    return array(model.predict(inputs_of(name), verbose=0))


def read(framework, name, path):
    keras = importlib.import_module(framework)
    model = keras.models.load_model(path)
    return array(model.predict(inputs_of(name), verbose=0))


TRAINED = sorted(name for name, case in CASES.items() if case[2].get("trains", True))
