"""Layers of sequence models in the Keras API, run twice: see `programs.py`.

A case is the expression of a layer, the shape of its inputs, and options: which values the inputs
have (`integers`), whether a mask comes with them (`masked`), whether it can be trained (`trains`).
"""

import importlib
import inspect
import json
import re

import numpy as np

SERIES = (3, 8, 4)
CHANNELS_FIRST = (3, 4, 8)
PICTURES = (3, 6, 5, 4)
FILMS = (2, 4, 6, 5, 3)
ROWS = (3, 5, 8, 2)

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
    "transpose": ("L.Conv1DTranspose(5, 3)", SERIES, {}),
    "transpose_strides": ("L.Conv1DTranspose(5, 3, 4, activation='relu')", SERIES, {}),
    "transpose_same": (
        "L.Conv1DTranspose(5, 3, 2, 'same', kernel_regularizer='l2', bias_constraint='non_neg')",
        SERIES,
        {},
    ),
    "transpose_same_even": ("L.Conv1DTranspose(5, 4, 3, 'same', use_bias=False)", SERIES, {}),
    "transpose_same_short": ("L.Conv1DTranspose(5, 2, 3, 'same')", SERIES, {}),
    "transpose_more": ("L.Conv1DTranspose(5, 3, 3, 'same', output_padding=1)", SERIES, {}),
    "transpose_more_valid": ("L.Conv1DTranspose(5, 2, 3, output_padding=2)", SERIES, {}),
    "transpose_dilated": ("L.Conv1DTranspose(5, 3, dilation_rate=2)", SERIES, {}),
    "transpose_first": (
        "L.Conv1DTranspose(5, 3, 2, 'same', data_format='channels_first')",
        CHANNELS_FIRST,
        {},
    ),
    "up_sampling": ("L.UpSampling1D()", SERIES, {}),
    "up_sampling_three": ("L.UpSampling1D(3)", SERIES, {}),
    "zero_padding": ("L.ZeroPadding1D()", SERIES, {}),
    "zero_padding_first": ("L.ZeroPadding1D((2, 0), 'channels_first')", CHANNELS_FIRST, {}),
    "cropping": ("L.Cropping1D()", SERIES, {}),
    "cropping_pair": ("L.Cropping1D((3, 0))", SERIES, {}),
    "gaussian_dropout": ("L.GaussianDropout(0.3, seed=1)", SERIES, {"trains": False}),
    "alpha_dropout": ("L.AlphaDropout(0.3, (None, 1, None))", SERIES, {"trains": False}),
    "masked_alpha_dropout": ("L.AlphaDropout(0.0)", SERIES, {"masked": True}),
    "activity": ("L.ActivityRegularization(0.01, 0.02)", SERIES, {"masked": True}),
    "unit_norm": ("L.UnitNormalization()", SERIES, {"masked": True}),
    "unit_norm_axes": ("L.UnitNormalization(axis=(1, 2))", SERIES, {}),
    "rms_norm": ("L.RMSNormalization(epsilon=0.1)", SERIES, {}),
    "rms_norm_axes": ("L.RMSNormalization(axis=[2, 1])", SERIES, {}),
    "group_norm": ("L.GroupNormalization(2)", SERIES, {"masked": True}),
    "group_norm_axis": (
        "L.GroupNormalization(4, axis=1, epsilon=0.1, beta_regularizer='l2')",
        SERIES,
        {},
    ),
    "group_norm_each": ("L.GroupNormalization(-1, center=False)", SERIES, {}),
    "group_norm_pictures": ("L.GroupNormalization(2, scale=False)", PICTURES, {}),
    "einsum_dense": ("L.EinsumDense('abc,cd->abd', (8, 6), 'relu', 'd')", SERIES, {}),
    "einsum_dense_dots": ("L.EinsumDense('...x,xy->...y', 6, bias_axes='y')", SERIES, {}),
    "einsum_dense_behind": (
        "L.EinsumDense('ab...,bde->ade...', (6, 2), bias_axes='d', kernel_regularizer='l2')",
        SERIES,
        {},
    ),
    "einsum_dense_axes": ("L.EinsumDense('abc,bcd->abd', (8, 2), bias_axes='bd')", SERIES, {}),
    "normalization": ("L.Normalization()", SERIES, {"weights": False}),
    "normalization_known": ("L.Normalization(1, mean=2.0, variance=4.0)", SERIES, {}),
    "normalization_invert": (
        "L.Normalization((1, 2), mean=[0.1, 0.2, -0.3, 0.4], variance=[0.4, 1.2, 0.0, 1.0], "
        "invert=True)",
        SERIES,
        {"masked": True},
    ),
    "rescaling": ("L.Rescaling(0.5, offset=-1.0)", SERIES, {"masked": True}),
    "batch_norm_pictures": ("L.BatchNormalization()", PICTURES, {}),
    "batch_norm_films": ("L.BatchNormalization(axis=2, momentum=0.5)", FILMS, {}),
    "conv2d": ("L.Conv2D(6, 3)", PICTURES, {}),
    "conv2d_same": ("L.Conv2D(4, (3, 2), (1, 2), 'same', activation='relu')", PICTURES, {}),
    "conv2d_groups": ("L.Conv2D(6, 2, groups=2, dilation_rate=(1, 2))", PICTURES, {}),
    "conv3d": ("L.Conv3D(4, (2, 3, 3), padding='same')", FILMS, {}),
    "conv2d_transpose": ("L.Conv2DTranspose(4, (3, 2), 2, 'same')", PICTURES, {}),
    "conv2d_transpose_more": ("L.Conv2DTranspose(4, 3, 2, output_padding=(1, 0))", PICTURES, {}),
    "max_pooling_2d": ("L.MaxPooling2D()", PICTURES, {}),
    "max_pooling_3d": ("L.MaxPooling3D((2, 2, 1), padding='same')", FILMS, {}),
    "average_pooling_2d": ("L.AveragePooling2D((2, 3), 1, 'same')", PICTURES, {}),
    "average_pooling_3d": ("L.AveragePooling3D(2)", FILMS, {}),
    "global_max_2d": ("L.GlobalMaxPooling2D()", PICTURES, {}),
    "global_average_2d": ("L.GlobalAveragePooling2D(keepdims=True)", PICTURES, {}),
    "global_max_3d": ("L.GlobalMaxPooling3D(keepdims=True)", FILMS, {}),
    "global_average_3d": ("L.GlobalAveragePooling3D()", FILMS, {}),
    "up_sampling_2d": ("L.UpSampling2D((3, 1))", PICTURES, {}),
    "zero_padding_2d": ("L.ZeroPadding2D(((1, 0), (0, 2)))", PICTURES, {}),
    "zero_padding_2d_one": ("L.ZeroPadding2D(2)", PICTURES, {}),
    "cropping_2d": ("L.Cropping2D((1, 2))", PICTURES, {}),
    "spatial_dropout_2d": ("L.SpatialDropout2D(0.2)", PICTURES, {"trains": False}),
    "conv_lstm": ("L.ConvLSTM1D(3, 3)", ROWS, {}),
    "conv_lstm_options": (
        "L.ConvLSTM1D(3, (2,), 2, 'same', activation='relu', recurrent_activation="
        "'hard_sigmoid', use_bias=False, return_sequences=True, kernel_regularizer='l2')",
        ROWS,
        {},
    ),
    "conv_lstm_dilated": (
        "L.ConvLSTM1D(2, 3, dilation_rate=2, unit_forget_bias=False, dropout=0.0, "
        "bias_constraint='non_neg', recurrent_regularizer='l2', activity_regularizer='l2')",
        ROWS,
        {},
    ),
    "conv_lstm_2d": (
        "L.ConvLSTM2D(3, 3, padding='same', return_sequences=True)",
        FILMS,
        {},
    ),
    "conv_lstm_2d_backwards": (
        "L.ConvLSTM2D(3, (3, 2), go_backwards=True, return_sequences=True)",
        FILMS,
        {},
    ),
    "conv_lstm_2d_state": (
        "L.ConvLSTM2D(2, (2, 3), (2, 1), return_state=True)",
        FILMS,
        {},
    ),
    "conv_lstm_masked": (
        "L.ConvLSTM1D(2, 3, return_state=True, return_sequences=True, unroll=True)",
        ROWS,
        {"masked": True, "trains": False},  # without unroll Keras fails on JAX
    ),
    "conv_lstm_2d_masked": (
        "L.ConvLSTM2D(2, 3, go_backwards=True, unroll=True)",
        FILMS,
        {"masked": True, "trains": False},
    ),
    "conv_lstm_3d": ("L.ConvLSTM3D(2, 2, padding='same')", (2, 3, 3, 4, 3, 2), {}),
    "both_ways_conv_lstm": (
        "L.Bidirectional(L.ConvLSTM1D(2, 3, padding='same', return_sequences=True, name='inner'))",
        ROWS,
        {},
    ),
    "both_ways_conv_lstm_2d": (
        "L.Bidirectional(L.ConvLSTM2D(2, 3, name='inner'), merge_mode='ave')",
        FILMS,
        {},
    ),
    "both_ways_conv_lstm_masked": (
        "L.Bidirectional(L.ConvLSTM1D(2, 3, return_state=True, unroll=True, name='inner'))",
        ROWS,
        {"masked": True, "trains": False},
    ),
    **{
        f"both_ways_cell_{mode}": (
            "L.Bidirectional(L.RNN(L.GRUCell(3, name='cell'), return_sequences=True, "
            f"name='inner'), merge_mode={mode!r})",
            SERIES,
            {"masked": True},
        )
        for mode in ("concat", "sum", "ave", "mul", None)
    },
    **{
        f"both_ways_stack_{mode}": (
            "L.Bidirectional(L.RNN(L.StackedRNNCells([L.LSTMCell(3, name='a'), "
            "L.SimpleRNNCell(2, name='b')], name='c'), "
            f"return_state=True, name='inner'), merge_mode={mode!r})",
            SERIES,
            {"masked": True},
        )
        for mode in ("concat", "sum", "ave", "mul", None)
    },
    "frames": ("L.TimeDistributed(L.Conv2D(3, 2, name='inner'))", FILMS, {}),
}

QUANTIZED = ("lora_", "gptq_", "quantization_")
"""Arguments of some of Keras's layers that are about other things than sequences."""

SKIPPED = ("name", "quantization_config")

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


def flat(value):
    """Every tensor in nested lists and tuples."""
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in flat(item)]
    return [value]


def plain(value):
    """As JSON has it, without the shapes that inner layers were built for."""
    value = json.loads(json.dumps(value))

    def without(item):
        if isinstance(item, dict):
            return {key: without(each) for key, each in item.items() if key != "build_config"}
        return [without(each) for each in item] if isinstance(item, list) else item

    return without(value)


def place(weight):
    """Where a weight lies, without the numbers of automatic names."""
    return re.sub(r"_\d+(?=/)", "", weight.path.split("/", 1)[1])


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
    outputs = flat(outputs)
    masks = [getattr(y, "_keras_mask", None) for y in outputs]
    config = plain(made.get_config())
    losses = [float(loss) for loss in made.losses]
    symbolic = made(keras.Input(batch_shape=(None, *x.shape[1:]), dtype=x.dtype.name))
    return {
        "outputs": [array(y) for y in outputs],
        "masks": ["none" if mask is None else array(mask) for mask in masks],
        "shapes": [str(tuple(y.shape)) for y in flat(symbolic)],
        "weights": [f"{place(w)} {tuple(w.shape)}" for w in made.weights],
        "config": json.dumps({k: v for k, v in config.items() if k not in SKIPPED}, sort_keys=True),
        "losses": losses,
    }


def arguments(framework, name):
    """Names and defaults of a constructor's arguments, in order."""
    keras = importlib.import_module(framework)
    parameters = inspect.signature(getattr(keras.layers, name).__init__).parameters.values()
    parameters = [p for p in parameters if not p.name.startswith(QUANTIZED)]
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
    if CASES[name][2].get("weights", True):
        share_weights(model)
    else:
        share_weights(model.layers[1])
        share_weights(model.layers[-1])
        model.layers[2].adapt(inputs_of(name))
    return model


def train(framework, name, steps=4):
    """Losses, weights and predictions after some steps of training from shared weights."""
    keras = importlib.import_module(framework)
    model = model_of(keras, name)
    x, y = inputs_of(name), numbers(5, CASES[name][1][0], 1)
    model.compile(keras.optimizers.SGD(0.5 / model.layers[-1].kernel.shape[0]), "mse")
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
