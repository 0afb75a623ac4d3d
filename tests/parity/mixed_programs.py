"""Layers and models of `mixed_bfloat16`, by the same lines in Keras (on JAX) and in Leftfold.

The file imports neither before it is told, so that it can run in Keras's own environment.
"""

import importlib
import runpy
from pathlib import Path

import numpy as np

PROGRAMS = runpy.run_path(str(Path(__file__).with_name("recurrent_programs.py")))
POLICY = "mixed_bfloat16"
CELLS = ("simple_rnn", "lstm", "gru", "gru_reset_before")
BATCH, TIMESTEPS, FEATURES, UNITS = 8, 20, 12, 24


def uniform(seed, *shape):
    return (np.random.default_rng(seed).random(shape) * 2 - 1).astype("float32")


def policies(framework):
    """What a layer, its configuration and the session say of the policy."""
    keras = importlib.import_module(framework)
    before = keras.config.dtype_policy().name
    keras.config.set_dtype_policy(POLICY)
    try:
        layer = keras.layers.LSTM(3)
        session = keras.config.dtype_policy().name
    finally:
        keras.config.set_dtype_policy("float32")
    own = keras.layers.Dense(2, dtype=POLICY)
    return {
        "session": [before, session, keras.config.floatx()],
        "layer": [layer.dtype_policy.name, layer.cell.dtype_policy.name],
        "types": [layer.dtype, layer.compute_dtype, layer.variable_dtype],
        "own": [own.dtype_policy.name, own.compute_dtype, keras.layers.Dense(2).compute_dtype],
        "configuration": layer.get_config()["dtype"]["config"]["name"],
        "policy": [repr(keras.DTypePolicy(POLICY)), keras.DTypePolicy(POLICY).get_config()["name"]],
    }


def layer(framework, cell, masked):
    """A layer's outputs, and the gradients of a weighted sum of them."""
    options = {"return_sequences": True, "dtype": POLICY}
    name = {"simple_rnn": "SimpleRNN", "lstm": "LSTM"}.get(cell, "GRU")
    if cell == "gru_reset_before":
        options["reset_after"] = False
    made = getattr(importlib.import_module(framework).layers, name)(UNITS, **options)
    made.build((BATCH, TIMESTEPS, FEATURES))
    weights = [uniform(i, *w.shape) * np.float32(0.3) for i, w in enumerate(made.weights)]
    made.set_weights(weights)
    x = uniform(101, BATCH, TIMESTEPS, FEATURES)
    mask = np.arange(TIMESTEPS) < np.arange(13, 13 + BATCH)[:, None] if masked else None
    outputs, gradients = PROGRAMS[f"_run_in_{framework}"](made, x, [], mask, weights)
    names = ["output", *(f"gradient_{i}" for i in range(len(gradients)))]
    found = [np.asarray(value, "float32") for value in (*outputs, *gradients)]
    return dict(zip(names, found, strict=True))


def model(framework):
    """A model of the policy whose last layer is of float32."""
    keras = importlib.import_module(framework)
    x = keras.Input((TIMESTEPS, FEATURES))
    y = keras.layers.Bidirectional(keras.layers.LSTM(UNITS, dtype=POLICY), dtype=POLICY)(x)
    y = keras.layers.Dense(UNITS, "relu", dtype=POLICY)(y)
    made = keras.Model(x, keras.layers.Dense(1)(y))
    for i, weight in enumerate(made.weights):
        weight.assign(uniform(i, *weight.shape) * np.float32(0.3))
    return made


def saved(framework, path):
    """Write the model to a file; its predictions."""
    made = model(framework)
    made.save(path)
    return np.asarray(made.predict(uniform(7, BATCH, TIMESTEPS, FEATURES), verbose=0))


def opened(framework, path):
    """The policies and the predictions of a model that a file holds."""
    made = importlib.import_module(framework).models.load_model(Path(path))
    names = [inner.dtype_policy.name for inner in made.layers if inner.weights]
    return names, np.asarray(made.predict(uniform(7, BATCH, TIMESTEPS, FEATURES), verbose=0))


def losses(framework):
    """Thirty steps of training."""
    made = model(framework)
    keras = importlib.import_module(framework)
    made.compile(keras.optimizers.Adam(0.01), "mse")
    x = uniform(8, BATCH, TIMESTEPS, FEATURES)
    y = x.sum((1, 2))[:, None] / 10
    return [float(made.train_on_batch(x, y)) for _ in range(30)]
