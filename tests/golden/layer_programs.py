"""Layers on small inputs, the same for Keras and for Leftfold: `run(keras, name)`.

Nothing here knows which of the two `keras` is.
"""

import numpy as np

_random = np.random.default_rng(5)
VECTORS = _random.standard_normal((3, 4)).astype("float32")
OTHERS = _random.standard_normal((3, 4)).astype("float32")
SERIES = _random.standard_normal((3, 5, 4)).astype("float32")
SERIES_2 = _random.standard_normal((3, 5, 4)).astype("float32")
PADDED = np.where(np.arange(5)[None, :, None] < 3, SERIES, 0.0).astype("float32")
IDS = _random.integers(0, 7, (3, 5)).astype("int32")
MASK = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 1], [1, 0, 1, 0, 1]], bool)
MASK_2 = np.array([[1, 1, 0, 0, 0], [1, 1, 1, 1, 1], [0, 0, 1, 1, 1]], bool)

LAYERS = {
    "dense": ("Dense(3, activation='tanh', kernel_regularizer='l2')", VECTORS, None),
    "dense_series": ("Dense(3, use_bias=False, activation='gelu')", SERIES, MASK),
    "embedding": ("Embedding(7, 3)", IDS, None),
    "embedding_masked": ("Embedding(7, 3, mask_zero=True)", IDS, None),
    "masking": ("Masking()", PADDED, None),
    "activation": ("Activation('softplus')", SERIES, MASK),
    "relu": ("ReLU(max_value=0.8, negative_slope=0.1, threshold=0.2)", VECTORS, None),
    "leaky_relu": ("LeakyReLU()", VECTORS, None),
    "elu": ("ELU(alpha=0.5)", VECTORS, None),
    "softmax": ("Softmax()", VECTORS, None),
    "softmax_axes": ("Softmax(axis=[1, 2])", SERIES, None),
    "prelu": ("PReLU(shared_axes=[1])", SERIES, None),
    "dropout": ("Dropout(0.3, seed=3)", VECTORS, None),
    "spatial_dropout": ("SpatialDropout1D(0.3)", SERIES, None),
    "noise": ("GaussianNoise(0.3)", VECTORS, None),
    "flatten": ("Flatten()", SERIES, None),
    "flatten_channels_first": ("Flatten('channels_first')", SERIES, None),
    "reshape": ("Reshape((2, -1))", VECTORS, None),
    "repeat_vector": ("RepeatVector(3)", VECTORS, None),
    "permute": ("Permute((2, 1))", SERIES, None),
    "add": ("Add()", [VECTORS, OTHERS, VECTORS], None),
    "add_broadcast": ("Add()", [VECTORS, SERIES[:, :, :1]], None),
    "subtract": ("Subtract()", [VECTORS, OTHERS], None),
    "multiply": ("Multiply()", [SERIES, SERIES_2], None),
    "multiply_masked": ("Multiply()", [SERIES, SERIES_2], [MASK, MASK_2]),
    "average": ("Average()", [SERIES, SERIES_2], [MASK, MASK_2]),
    "maximum": ("Maximum()", [SERIES, SERIES_2], [MASK, MASK_2]),
    "minimum": ("Minimum()", [SERIES, SERIES_2], [MASK, MASK_2]),
    "concatenate": ("Concatenate()", [SERIES, SERIES_2], [MASK, MASK_2]),
    "concatenate_in_time": ("Concatenate(axis=1)", [SERIES, SERIES_2], [MASK, None]),
    "dot": ("Dot(axes=1)", [VECTORS, OTHERS], None),
    "dot_series": ("Dot(axes=(1, 1), normalize=True)", [SERIES, SERIES_2], None),
    "layer_normalization": ("LayerNormalization()", SERIES, MASK),
    "layer_normalization_axes": ("LayerNormalization(axis=[1, 2], epsilon=1e-5)", SERIES, None),
    "batch_normalization": ("BatchNormalization(momentum=0.7)", SERIES, None),
    "max_pooling": ("GlobalMaxPooling1D()", SERIES, None),
    "average_pooling": ("GlobalAveragePooling1D(keepdims=True)", SERIES, None),
    "average_pooling_masked": ("GlobalAveragePooling1D()", SERIES, MASK),
    "time_distributed": ("TimeDistributed(L.Dense(2))", SERIES, MASK),
}
TRAINED = {
    "batch_normalization_in_training": ("BatchNormalization(momentum=0.7)", SERIES, None),
    "batch_normalization_masked": ("BatchNormalization(scale=False)", SERIES, MASK),
}
"""The same in training."""


def run(keras, name):
    """Configuration, outputs, mask and weights after one call, with weights from a fixed seed."""
    expression, inputs, mask = (LAYERS | TRAINED)[name]
    layer = eval(f"L.{expression}", {"L": keras.layers})
    inputs, mask = _listed(inputs), _listed(mask)
    symbols = [keras.Input(x.shape[1:], dtype=x.dtype.name) for x in inputs]
    shape = layer(_alone(symbols)).shape
    random = np.random.default_rng(9)
    layer.set_weights([random.uniform(0.2, 1.0, w.shape) for w in layer.weights])
    tensors = [keras.ops.convert_to_tensor(x) for x in inputs]
    for tensor, each in zip(tensors, mask, strict=False):
        if each is not None:
            tensor._keras_mask = keras.ops.convert_to_tensor(each)
    training = {"training": True} if name in TRAINED else {}
    output = layer(_alone(tensors), **training)
    output_mask = getattr(output, "_keras_mask", None)
    return {
        "config": keras.saving.serialize_keras_object(layer),
        "shape": list(shape),
        "output": np.asarray(output).round(6).tolist(),
        "mask": None if output_mask is None else np.asarray(output_mask).tolist(),
        "weights": [np.asarray(w).round(6).tolist() for w in layer.get_weights()],
        "names": [w.path for w in layer.weights],
    }


def _listed(value):
    return value if isinstance(value, list) else [value]


def _alone(values):
    return values[0] if len(values) == 1 else values
