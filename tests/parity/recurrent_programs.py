"""Recurrent layers run alike by Keras and by Leftfold: outputs, gradients, training.

`framework` is `"keras"` (on JAX) or `"leftfold"`. The file imports neither before it is told, so
that it can run in Keras's own environment. All numbers come from generators with fixed seeds.
"""

import importlib
import inspect

import numpy as np

BATCH, TIMESTEPS, FEATURES, UNITS = 4, 6, 3, 3


def uniform(seed, *shape):
    return (np.random.default_rng(seed).random(shape) * 2 - 1).astype("float32")


def mask_of(kind):
    """Left padding, right padding, holes; the last row never has a valid step."""
    time, lengths = np.arange(TIMESTEPS), np.array([6, 3, 1, 0])[:, None]
    if kind == "left":
        return time >= TIMESTEPS - lengths
    if kind == "right":
        return time < lengths
    return (np.random.default_rng(7).random((BATCH, TIMESTEPS)) < 0.6) & (lengths > 0)


# Layers -----------------------------------------------------------------------------------------

CELLS = {
    "simple_rnn": lambda k, **a: k.SimpleRNN(UNITS, **a),
    "lstm": lambda k, **a: k.LSTM(UNITS, **a),
    "gru": lambda k, **a: k.GRU(UNITS, **a),
    "gru_reset_before": lambda k, **a: k.GRU(UNITS, reset_after=False, **a),
}
STATES = {"simple_rnn": 1, "lstm": 2, "gru": 1, "gru_reset_before": 1}

SEQUENCES = {"return_sequences": True}
ALL = {"return_sequences": True, "return_state": True}
SETTINGS = {
    "last": ({}, {}),
    "all": (ALL, {}),
    "from_states": (ALL, {"states": True}),
    "no_bias": ({"use_bias": False}, {}),
    "backwards": ({"go_backwards": True, **ALL}, {"states": True}),
    "backwards_right_padded": ({"go_backwards": True, **ALL}, {"mask": "right"}),
    "left_padded": (ALL, {"mask": "left"}),
    "right_padded": ({"return_state": True}, {"mask": "right"}),
    "holes": (ALL, {"mask": "holes"}),
    "holes_from_states": (ALL, {"mask": "holes", "states": True}),
    "holes_zeroed": ({"zero_output_for_mask": True, **SEQUENCES}, {"mask": "holes"}),
    "relu": ({"activation": "relu"}, {}),
    "gelu": ({"activation": "gelu", **ALL}, {"mask": "left"}),
}


def _cases():
    """By name: a function that makes the layer, and how it is called."""
    for cell, make in CELLS.items():
        for setting, (arguments, call) in SETTINGS.items():
            states = STATES[cell] if call.get("states") else 0
            yield (
                f"{cell}/{setting}",
                lambda k, make=make, a=arguments: make(k, **a),
                {"mask": call.get("mask"), "states": states},
            )
    for mode in ("concat", "sum", "ave", "mul", None):
        for cell in ("lstm", "gru"):
            for mask in (None, "right"):
                yield (
                    f"bidirectional_{cell}/{mode}/{mask}",
                    lambda k, cell=cell, mode=mode: k.Bidirectional(
                        CELLS[cell](k, **SEQUENCES), merge_mode=mode
                    ),
                    {"mask": mask},
                )
    for cell, make in CELLS.items():
        yield (
            f"bidirectional_{cell}/last_with_states",
            lambda k, make=make: k.Bidirectional(make(k, return_state=True)),
            {"states": 2 * STATES[cell], "mask": "left"},
        )
        yield (
            f"bidirectional_{cell}/pair_with_states",
            lambda k, make=make: k.Bidirectional(make(k, **ALL), merge_mode=None),
            {"mask": "holes"},
        )
    yield (
        "bidirectional/two_kinds",
        lambda k: k.Bidirectional(
            k.LSTM(2, **SEQUENCES), backward_layer=k.GRU(3, go_backwards=True, **SEQUENCES)
        ),
        {"mask": "left"},
    )
    for mask in (None, "left", "holes"):
        yield f"stacked_cells/{mask}", _stacked_cells, {"mask": mask}


def _stacked_cells(k):
    return k.RNN([k.LSTMCell(4), k.GRUCell(2), k.SimpleRNNCell(3)], **ALL)


CASES = {name: (make, call) for name, make, call in _cases()}


def layer(framework, name):
    """Everything a layer computes: its outputs, and the gradients of a weighted sum of them."""
    make, call = CASES[name]
    made = make(importlib.import_module(framework).layers)
    made.build((BATCH, TIMESTEPS, FEATURES))
    weights = [uniform(i, *w.shape) for i, w in enumerate(made.weights)]
    made.set_weights(weights)
    x = uniform(101, BATCH, TIMESTEPS, FEATURES)
    states = [uniform(102 + i, BATCH, UNITS) for i in range(call.get("states") or 0)]
    mask = mask_of(call["mask"]) if call.get("mask") else None
    run = _run_in_keras if framework == "keras" else _run_in_leftfold
    outputs, gradients = run(made, x, states, mask, weights)
    return {
        **{f"output_{i}": np.asarray(value) for i, value in enumerate(outputs)},
        **{f"gradient_{i}": np.asarray(value) for i, value in enumerate(gradients)},
    }


def flat(structure):
    """The arrays in nested lists and tuples, in order."""
    if isinstance(structure, list | tuple):
        return [leaf for item in structure for leaf in flat(item)]
    return [structure]


def _run_in_keras(layer, x, states, mask, weights):
    import jax

    others = [v.value for v in layer.non_trainable_variables]

    def weighted(x, states, weights):
        arguments = {"mask": mask, "initial_state": states or None}
        outputs, _ = layer.stateless_call(weights, others, x, **arguments)
        outputs = flat(outputs)
        return sum((uniform(200 + i, *o.shape) * o).sum() for i, o in enumerate(outputs)), outputs

    gradient = jax.grad(weighted, argnums=(0, 1, 2), has_aux=True)
    gradients, outputs = gradient(x, states, weights)
    return outputs, flat(gradients)


def _run_in_leftfold(layer, x, states, mask, weights):
    from leftfold import ops
    from leftfold.engine import Tape, Tensor

    x, states = Tensor(x, tracked=True), [Tensor(s, tracked=True) for s in states]
    with Tape() as tape:
        outputs = flat(layer(x, mask=mask, initial_state=states or None))
        total = sum(ops.sum(o * uniform(200 + i, *o.shape)) for i, o in enumerate(outputs))
    return outputs, tape.gradient(total, [x, *states, *layer.weights])


# Training ---------------------------------------------------------------------------------------

RECURRENT = {
    "simple_rnn": lambda k: [k.SimpleRNN(5)],
    "lstm": lambda k: [k.LSTM(5)],
    "gru": lambda k: [k.GRU(5)],
    "gru_reset_before": lambda k: [k.GRU(5, reset_after=False)],
    "bidirectional": lambda k: [k.Bidirectional(k.LSTM(4))],
    "stacked": lambda k: [k.LSTM(5, return_sequences=True), k.GRU(4)],
    "stacked_bidirectional": lambda k: [
        k.Bidirectional(k.GRU(3, return_sequences=True), merge_mode="sum"),
        k.Bidirectional(k.SimpleRNN(3)),
    ],
    "stacked_cells": lambda k: [k.RNN([k.LSTMCell(4), k.GRUCell(3)])],
}
INPUTS = ("numbers", "masked_numbers", "tokens", "masked_tokens")
OPTIMIZERS = {
    "sgd": ("SGD", {"learning_rate": 0.1}),
    "adam": ("Adam", {"learning_rate": 0.02}),
    "rmsprop": ("RMSprop", {"learning_rate": 0.005}),
}
TRAININGS = [
    (recurrent, inputs, optimizer)
    for recurrent in RECURRENT
    for inputs, optimizer in [
        ("numbers", "sgd"),
        ("masked_numbers", "adam"),
        ("tokens", "rmsprop"),
        ("masked_tokens", "sgd"),
        ("masked_tokens", "adam"),
        ("masked_tokens", "rmsprop"),
    ]
]
STEPS, ROWS, LENGTH, VOCABULARY = 20, 8, 7, 11


def training(framework, recurrent, inputs, optimizer):
    """The loss at each of twenty steps from given weights."""
    keras = importlib.import_module(framework)
    layers = keras.layers
    x = _training_inputs(inputs)
    before = {
        "numbers": [],
        "masked_numbers": [layers.Masking(0.0)],
        "tokens": [layers.Embedding(VOCABULARY, 4)],
        "masked_tokens": [layers.Embedding(VOCABULARY, 4, mask_zero=True)],
    }[inputs]
    model = keras.Sequential(
        [
            keras.Input(x.shape[1:], dtype=x.dtype.name),
            *before,
            *RECURRENT[recurrent](layers),
            layers.Dense(2),
        ]
    )
    model.set_weights([0.5 * uniform(i, *w.shape) for i, w in enumerate(model.weights)])
    name, arguments = OPTIMIZERS[optimizer]
    model.compile(getattr(keras.optimizers, name)(**arguments), "mse")
    y = uniform(302, ROWS, 2)
    return [float(np.asarray(model.train_on_batch(x, y))) for _ in range(STEPS)]


def _training_inputs(inputs):
    """Rows padded left, right and with holes, one full and one all padding."""
    tokens = np.random.default_rng(300).integers(1, VOCABULARY, (ROWS, LENGTH)).astype("int32")
    tokens[0, :3] = tokens[1, :5] = tokens[2, 4:] = tokens[3, 2:] = 0
    tokens[4, 2:4] = tokens[5, [0, 2, 6]] = tokens[6] = 0
    if "tokens" in inputs:
        return tokens
    return uniform(301, ROWS, LENGTH, 3) * (tokens > 0)[..., None]


# Arguments --------------------------------------------------------------------------------------

CLASSES = (
    *("SimpleRNN", "LSTM", "GRU", "SimpleRNNCell", "LSTMCell", "GRUCell"),
    *("RNN", "StackedRNNCells", "Bidirectional"),
)


def arguments(framework, name):
    """The constructor's arguments in order, with their defaults, and those of `call`."""
    cls = getattr(importlib.import_module(framework).layers, name)
    parameters = inspect.signature(cls.__init__).parameters.values()
    constructor = [[p.name, str(p.default)] for p in parameters if p.kind is not p.VAR_KEYWORD]
    call = inspect.signature(cls.call).parameters.values()
    return constructor, [p.name for p in call if p.kind is not p.VAR_KEYWORD]


def configuration(framework, name):
    """The keys of `get_config`, and the plain values among them."""
    layers = importlib.import_module(framework).layers
    made = {
        "RNN": lambda: layers.RNN(layers.LSTMCell(3)),
        "StackedRNNCells": lambda: layers.StackedRNNCells([layers.LSTMCell(3)]),
        "Bidirectional": lambda: layers.Bidirectional(layers.LSTM(3)),
    }.get(name, lambda: getattr(layers, name)(3))()
    config = {key: value for key, value in made.get_config().items() if key != "name"}
    plain = {k: str(v) for k, v in config.items() if not isinstance(v, dict | list)}
    return sorted(config), plain
