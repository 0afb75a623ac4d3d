"""Models, the same for Keras and for Leftfold: `MODELS[name](keras)` and inputs for them.

Nothing here knows which of the two `keras` is.
"""

import importlib

import numpy as np


def sequential(keras):
    L = keras.layers
    return keras.Sequential([keras.Input((6,)), L.Dense(4, activation="relu"), L.Dense(1)])


def embedded(keras):
    L = keras.layers
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            L.Embedding(20, 4, mask_zero=True),
            L.Bidirectional(L.LSTM(3, return_sequences=True)),
            L.GRU(3),
            L.Dropout(0.2),
            L.Dense(1, activation="sigmoid"),
        ],
        name="reviews",
    )


def chain(keras):
    x = keras.Input((5, 3), name="series")
    y = keras.layers.SimpleRNN(4)(x)
    return keras.Model(x, keras.layers.Dense(2, activation="softmax")(y), name="chain")


def masked(keras):
    L = keras.layers
    x = keras.Input((None,), dtype="int32", name="tokens")
    y = L.Embedding(20, 4, mask_zero=True)(x)
    y = L.LSTM(3, return_sequences=True)(y)
    y = L.TimeDistributed(L.Dense(3))(y)
    return keras.Model(x, L.GRU(2)(y))


def arithmetic(keras):
    ops = keras.ops
    x = keras.Input((5, 3), name="x")
    y = keras.layers.Dense(4)(x)
    last = y[:, -1, :]
    some = y[..., 1:3]
    z = 1 - last * 2.0
    s = ops.sum(y, axis=1) / 3
    mean = ops.mean(some, axis=[1, 2], keepdims=True)
    joined = ops.concatenate([z, ops.tanh(s)], axis=-1)
    return keras.Model(x, [joined, ops.squeeze(mean, axis=2), -ops.maximum(last, 0.1)])


def shared(keras):
    L = keras.layers
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    same = L.Dense(3, name="same")
    left, right = same(a), same(b)
    difference = L.Subtract()([left, right])
    again = L.Dense(4, name="again")
    c = again(again(a))
    return keras.Model({"a": a, "b": b}, {"difference": difference, "twice": c}, name="shared")


def nested(keras):
    L = keras.layers
    x = keras.Input((4,), name="inner_x")
    inner = keras.Model(x, L.Dense(3, name="inner_dense")(x), name="inner")
    tower = keras.Sequential([keras.Input((3,)), L.Dense(3, name="step")], name="tower")
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    y = L.Concatenate(name="joined")([inner(a), tower(inner(b))])
    return keras.Model([a, b], L.Dense(1, name="out")(y), name="outer")


def nested_output(keras):
    x = keras.Input((4,), name="x")
    inner = keras.Model(x, keras.layers.Dense(3, name="d")(x), name="inner")
    y = keras.Input((4,), name="y")
    return keras.Model(y, inner(y), name="outer")


def translation(keras):
    L = keras.layers
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    _, h, c = L.LSTM(4, return_state=True, name="encoder")(L.Embedding(9, 3, name="e")(source))
    y = L.LSTM(4, return_sequences=True, name="decoder")(
        L.Embedding(9, 3, name="d")(target), initial_state=[h, c]
    )
    return keras.Model([source, target], L.Dense(9, name="words")(y), name="translation")


def several_depths(keras):
    L = keras.layers
    a = keras.Input((4,), name="a")
    b = keras.Input((4,), name="b")
    unused = keras.Input((2,), name="unused")
    x = L.Dense(4, name="one")(a)
    x = L.Dense(4, name="two")(x)
    y = L.Add(name="sum")([x, b, a])
    return keras.Model([b, a, unused], [L.Dense(2, name="three")(y), x], name="depths")


_random = np.random.default_rng(2)
_series = _random.standard_normal((2, 5, 3)).astype("float32")
_vectors = _random.standard_normal((2, 4)).astype("float32")
_others = _random.standard_normal((2, 4)).astype("float32")
_ids = np.array([[3, 4, 5, 0, 0], [0, 7, 8, 9, 1]], "int32")

MODELS = {
    "sequential": (sequential, _random.standard_normal((2, 6)).astype("float32")),
    "embedded": (embedded, _ids),
    "chain": (chain, _series),
    "masked": (masked, _ids),
    "arithmetic": (arithmetic, _series),
    "shared": (shared, {"a": _vectors, "b": _others}),
    "nested": (nested, [_vectors, _others]),
    "nested_output": (nested_output, _vectors),
    "translation": (translation, [_ids % 9, _ids[:, ::-1] % 9]),
    "several_depths": (several_depths, [_others, _vectors, _vectors[:, :2]]),
}

SUMMARIES = {
    "plain": {},
    "wide": {"line_length": 95, "positions": [0.35, 0.75, 1.0]},
    "expanded": {"expand_nested": True, "show_trainable": True},
}


def run(keras, name):
    """Configuration, outputs for weights from a fixed seed, and summaries."""
    make, inputs = MODELS[name]
    model = make(keras)
    random = np.random.default_rng(4)
    model.set_weights([random.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
    outputs = model(inputs)
    if not isinstance(outputs, (list, dict)):
        outputs = [outputs]
    items = outputs.items() if isinstance(outputs, dict) else enumerate(outputs)
    summaries = {}
    for kind, arguments in SUMMARIES.items():
        if kind == "wide" and name not in ("sequential", "chain"):
            continue
        lines = []
        model.summary(print_fn=lines.append, **({"line_length": 100} | arguments))
        summaries[kind] = "\n".join(lines)
    return {
        "config": keras.saving.serialize_keras_object(model),
        "outputs": {str(k): np.asarray(v).round(6).tolist() for k, v in items},
        "weights": [w.path for w in model.weights],
        "summaries": summaries,
    }


def revive(framework, config, name):
    """The outputs of a model made from a configuration, with weights from a fixed seed."""
    keras = importlib.import_module(framework)
    model = keras.saving.deserialize_keras_object(config)
    random = np.random.default_rng(4)
    model.set_weights([random.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
    outputs = model(MODELS[name][1])
    if not isinstance(outputs, (list, tuple, dict)):
        outputs = [outputs]
    items = outputs.items() if isinstance(outputs, dict) else enumerate(outputs)
    return {str(key): np.asarray(value).round(6).tolist() for key, value in items}
