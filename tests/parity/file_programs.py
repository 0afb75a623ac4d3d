"""Models of every kind in every format, in the Keras API: run by Leftfold here and Keras there."""

import importlib

import numpy as np

STEPS = 5


def numbers(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def scale(k):
    """A layer of the user's own, registered under a name that files hold."""

    @k.saving.register_keras_serializable(package="file_programs")
    class Scale(k.layers.Layer):
        def __init__(self, first=1.0, **kwargs):
            super().__init__(**kwargs)
            self.first = first

        def build(self, input_shape):
            start = k.initializers.Constant(self.first)
            self.factor = self.add_weight(
                shape=(input_shape[-1],), initializer=start, name="factor"
            )

        def call(self, inputs):
            return inputs * self.factor

        def get_config(self):
            return {**super().get_config(), "first": self.first}

    return Scale


def _stack(k, *layers, shape=(5, 3)):
    return k.Sequential([k.Input(shape), *layers])


def _shared(k):
    a, b = k.Input((5, 3), name="a"), k.Input((5, 3), name="b")
    shared = k.layers.LSTM(3, return_state=True)
    (u, h, c), (v, _, _) = shared(a), shared(b)
    w = k.layers.LSTM(3)(k.layers.RepeatVector(2)(u), initial_state=[h, c])
    price = k.layers.Dense(1, name="price")(k.layers.Concatenate()([u, v, w]))
    return k.Model([a, b], {"kind": k.layers.Dense(2, name="kind")(v), "price": price})


def _nested(k):
    stack = _stack(k, k.layers.SimpleRNN(3, return_sequences=True), k.layers.BatchNormalization())
    y = k.Input((5, 3))
    inner = k.Model(y, k.layers.LayerNormalization()(k.layers.Dense(3)(y)))
    x = k.Input((5, 3))
    y = k.layers.Add()([inner(stack(x)), inner(x)])
    return k.Model(x, k.layers.Dense(1)(k.layers.GRU(2)(y)))


def _attending(k):
    x = k.Input((5, 3))
    y = k.layers.GRU(4, return_sequences=True)(x)
    y = k.layers.MultiHeadAttention(2, 3)(y, y)
    y = k.layers.AdditiveAttention()([y, y])
    y = k.layers.Attention(use_scale=True)([y, y])
    return k.Model(x, k.layers.Dense(1)(k.layers.GlobalMaxPooling1D()(y)))


def _frozen(k):
    inner = _stack(k, k.layers.Dense(3, trainable=False), k.layers.Dense(2))
    return _stack(
        k, inner, k.layers.Bidirectional(k.layers.GRU(2), trainable=False), k.layers.Dense(1)
    )


def _stateful(k):
    return k.Sequential(
        [
            k.Input(batch_shape=(6, 5, 3)),
            k.layers.GRU(2, stateful=True, return_sequences=True),
            k.layers.SimpleRNN(2, stateful=True, go_backwards=True),
            k.layers.Dense(1),
        ]
    )


MODELS = {
    "sequential": lambda k: _stack(k, k.layers.LSTM(3), k.layers.Dropout(0.0), k.layers.Dense(1)),
    "bidirectional": lambda k: _stack(
        k,
        k.layers.Bidirectional(k.layers.LSTM(2, return_sequences=True)),
        k.layers.Bidirectional(k.layers.GRU(2, reset_after=False), merge_mode="ave"),
        k.layers.Dense(1),
    ),
    "cells": lambda k: _stack(
        k,
        k.layers.RNN(k.layers.SimpleRNNCell(3), return_sequences=True),
        k.layers.RNN([k.layers.LSTMCell(2), k.layers.GRUCell(3)]),
        k.layers.Dense(1),
    ),
    "distributed": lambda k: _stack(
        k,
        k.layers.TimeDistributed(k.layers.Dense(2, activation="tanh")),
        k.layers.Conv1D(2, 3, padding="causal"),
        k.layers.GRU(2),
        k.layers.Dense(1),
    ),
    "custom": lambda k: _stack(k, k.layers.GRU(3), scale(k)(0.5), k.layers.Dense(1)),
    "shared": _shared,
    "nested": _nested,
    "attending": _attending,
    "frozen": _frozen,
    "stateful": _stateful,
}

OPTIMIZERS = [
    ("SGD", {"learning_rate": 0.1}),
    ("SGD", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}),
    ("RMSprop", {"momentum": 0.5, "centered": True}),
    ("Adam", {"learning_rate": 0.01}),
    ("Adam", {"amsgrad": True, "clipnorm": 0.1}),
    ("Adam", {"use_ema": True}),
    ("Adam", {"gradient_accumulation_steps": 2}),
    ("AdamW", {"learning_rate": 0.01}),
    ("Adamax", {"learning_rate": 0.01}),
    ("Adagrad", {"learning_rate": 0.1}),
    ("Adadelta", {"learning_rate": 1.0}),
    ("Nadam", {"learning_rate": 0.01}),
    ("Ftrl", {"learning_rate": 0.1}),
    ("Lion", {"learning_rate": 0.01}),
    ("Lamb", {"learning_rate": 0.01}),
    ("Adafactor", {"learning_rate": 0.01}),
    ("Muon", {"learning_rate": 0.01}),
    ("ScheduleFreeAdamW", {"learning_rate": 0.01}),
]


def _data(model):
    x = [numbers(1 + i, 6, 5, 3) for i in range(len(model.inputs))]
    if len(x) > 1:
        return x, {"kind": numbers(9, 6, 2), "price": numbers(8, 6, 1)}
    return x[0], numbers(9, 6, model.outputs[0].shape[-1])


def write(framework, name, path, optimizer=("Adam", {})):
    """Train a little, save, and tell the predictions and the next losses."""
    k = importlib.import_module(framework)
    k.utils.set_random_seed(3)
    model = MODELS[name](k)
    kind, config = optimizer
    rate = config.get("learning_rate")
    if rate == "schedule":
        rate = k.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
        config = {**config, "learning_rate": rate}
    model.compile(getattr(k.optimizers, kind)(**config), "mse")
    x, y = _data(model)
    for _ in range(3):
        model.train_on_batch(x, y)
    model.save(path)
    return _continue(model, x, y)


def read(framework, name, path, learns=True):
    """Load what `write` saved and tell the same, or only the predictions."""
    k = importlib.import_module(framework)
    if name == "custom":
        scale(k)
    model = k.models.load_model(path)
    x, y = _data(model)
    return _continue(model, x, y) if learns else (_predictions(model, x), [])


def write_weights(framework, name, path, **options):
    k = importlib.import_module(framework)
    k.utils.set_random_seed(4)
    model = MODELS[name](k)
    model.save_weights(path, **options)
    return _predictions(model, _data(model)[0])


def read_weights(framework, name, path, **options):
    k = importlib.import_module(framework)
    model = MODELS[name](k)
    model.load_weights(path, **options)
    return _predictions(model, _data(model)[0])


def _continue(model, x, y):
    outputs = _predictions(model, x)
    losses = []
    for _ in range(STEPS):
        _forget(model)
        losses.append(float(np.ravel(model.train_on_batch(x, y))[0]))
    return outputs, losses


def _predictions(model, x):
    _forget(model)
    outputs = model.predict(x, batch_size=6, verbose=0)
    values = outputs.values() if isinstance(outputs, dict) else [outputs]
    return [np.asarray(value).astype("float64") for value in values]


def _forget(model):
    for layer in model.layers:
        if getattr(layer, "stateful", False):
            layer.reset_state()
