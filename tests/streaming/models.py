"""Random models that can be stepped."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

import leftfold
from leftfold import layers

FUSED = [
    *("linear", "tanh", "sigmoid", "relu", "hard_sigmoid", "softplus", "softsign"),
    *("elu", "selu", "relu6"),
]
BOUNDED = ["tanh", "sigmoid", "hard_sigmoid", "softsign", "relu6"]
OTHERS = ["softmax", "log_softmax", "gelu", "silu", "hard_silu", "mish", "log_sigmoid", "celu"]

units = st.integers(1, 40)


@st.composite
def cells(draw: Any, as_layer: bool, **settings: Any) -> Any:
    """A recurrent layer, or a cell."""
    kind = draw(st.sampled_from(["SimpleRNN", "LSTM", "GRU"]))
    arguments: dict[str, Any] = {
        "units": draw(units),
        "activation": draw(st.sampled_from(BOUNDED)),
        "use_bias": draw(st.booleans()),
        "bias_initializer": "normal",
        **settings,
    }
    if kind != "SimpleRNN":
        arguments["recurrent_activation"] = draw(st.sampled_from(["sigmoid", "hard_sigmoid"]))
    if kind == "GRU":
        arguments["reset_after"] = draw(st.booleans())
    return getattr(layers, kind if as_layer else f"{kind}Cell")(**arguments)


@st.composite
def recurrent(draw: Any, sequences: bool) -> Any:
    """A recurrent layer of one cell or of several."""
    if draw(st.integers(0, 3)):
        return draw(cells(True, return_sequences=sequences, dropout=0.3))
    stack = draw(st.lists(cells(False), min_size=1, max_size=3))
    return layers.RNN(stack, return_sequences=sequences)


@st.composite
def between(draw: Any) -> Any:
    """A layer that maps vectors to vectors."""
    makers = [
        lambda: layers.Dense(draw(units), draw(st.sampled_from(FUSED + OTHERS))),
        lambda: layers.BatchNormalization(epsilon=draw(st.sampled_from([1e-3, 1e-1]))),
        lambda: layers.LayerNormalization(),
        lambda: layers.Dropout(0.4),
        lambda: layers.GaussianNoise(0.4),
        lambda: layers.Activation(draw(st.sampled_from(FUSED + OTHERS))),
        lambda: layers.ReLU(max_value=draw(st.sampled_from([None, 0.5]))),
        lambda: layers.LeakyReLU(draw(st.sampled_from([0.0, 0.3, 2.0]))),
        lambda: layers.ELU(draw(st.sampled_from([1.0, 0.5]))),
        lambda: layers.PReLU("normal", shared_axes=[1]),
        lambda: layers.Softmax(),
        lambda: layers.Identity(),
    ]
    return draw(st.sampled_from(makers))()


@st.composite
def models(draw: Any) -> Any:
    """A model, and the shape of its steps: `()` for token ids."""
    ids = draw(st.booleans())
    features = draw(st.integers(1, 20))
    chain: list[Any] = [layers.Input((None,) if ids else (None, features))]
    masked = draw(st.integers(0, 3)) == 0
    if ids:
        chain.append(layers.Embedding(features + 1, draw(units), mask_zero=masked))
    elif masked:
        chain.append(layers.Masking())
    plain = [] if masked else draw(st.lists(between(), max_size=2))
    chain += [*plain, draw(recurrent(True))]
    if not masked:
        chain += draw(st.lists(between(), max_size=3))
        if draw(st.booleans()):
            chain.append(layers.TimeDistributed(layers.Dense(draw(units), "tanh")))
    end = draw(st.integers(0, 3))
    if end == 0:
        chain.append(layers.GlobalAveragePooling1D())
    elif end == 1:
        chain.append(layers.GlobalMaxPooling1D())
    elif end == 2:
        chain.append(draw(recurrent(False)))
    chain.append(layers.Dense(draw(units), draw(st.sampled_from(["linear", "softmax"]))))
    model = leftfold.Sequential(chain)
    randomise(model, draw(st.integers(0, 99)))
    return model, (() if ids else (features,)), features + 1


def randomise(model: Any, seed: int) -> None:
    """Weights that are not what initializers give: biases and averages of any value."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        noise = random.normal(0, 0.2, weight.shape)
        values = np.abs(noise) + 0.5 if "variance" in weight.path else weight.numpy() + noise
        weight.assign(values.astype(np.float32))


def inputs(shape: tuple[int, ...], vocabulary: int, steps: int, seed: int) -> np.ndarray:
    """Sequences of three rows; some steps are padding."""
    random = np.random.default_rng(seed)
    if shape:
        x = random.normal(size=(3, steps, *shape)).astype(np.float32)
        x[random.random((3, steps)) < 0.2] = 0
        return x
    return random.integers(0, vocabulary, (3, steps)).astype(np.int32)
