"""Small models trained and saved by Keras 3.15.1, with what they predict and learn next.

Run in an environment with Keras: `KERAS_BACKEND=jax python tests/golden/make_models.py`. For
each model it writes `models/NAME.keras` and `models/NAME.npz`: inputs, targets, predictions, and
the losses of further steps of training from the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

FOLDER = Path(__file__).parent / "models"
STEPS = 5


def text() -> tuple[Any, list[np.ndarray], list[np.ndarray]]:
    """Token ids with padding, a bidirectional LSTM under a GRU."""
    model = keras.Sequential(
        [
            keras.Input((6,), dtype="int32"),
            layers.Embedding(9, 3, mask_zero=True),
            layers.Bidirectional(layers.LSTM(2, return_sequences=True)),
            layers.GRU(2),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    rng = np.random.default_rng(1)
    x = rng.integers(1, 9, (12, 6))
    for row in range(12):
        x[row, rng.integers(1, 7) :] = 0
    return model, [x], [rng.integers(0, 2, (12, 1))]


def graph() -> tuple[Any, list[np.ndarray], list[np.ndarray]]:
    """Two inputs through one LSTM, slices and arithmetic, an initial state, two outputs."""
    a, b = keras.Input((None, 2), name="a"), keras.Input((None, 2), name="b")
    shared = layers.LSTM(3, return_sequences=True, name="shared")
    u, v = shared(a), shared(b)
    joined = layers.Concatenate()([u[:, -1, :], v[:, -1, :] * 2.0 + 1.0])
    state = layers.GRU(3, name="decoder")(u, initial_state=v[:, -1])
    price = layers.Dense(1, name="price")(keras.ops.tanh(joined))
    kind = layers.Dense(3, activation="softmax", kernel_regularizer="l2", name="kind")(state)
    model = keras.Model([a, b], [price, kind])
    model.compile(
        keras.optimizers.SGD(0.05, momentum=0.9, clipnorm=1.0),
        {"price": "mse", "kind": keras.losses.SparseCategoricalCrossentropy()},
        loss_weights={"price": 1.0, "kind": 0.5},
        metrics={"kind": ["accuracy"]},
    )
    rng = np.random.default_rng(2)
    inputs = [rng.standard_normal((10, 4, 2)).astype("float32") for _ in range(2)]
    return model, inputs, [rng.standard_normal((10, 1)), rng.integers(0, 3, (10,))]


def nested() -> tuple[Any, list[np.ndarray], list[np.ndarray]]:
    """A model inside a model, stacked cells, layers around layers, batch statistics."""
    inner = keras.Sequential(
        [
            keras.Input((5, 3)),
            layers.SimpleRNN(3, return_sequences=True),
            layers.LayerNormalization(),
        ],
        name="inner",
    )
    x = keras.Input((5, 2))
    y = layers.Masking()(x)
    y = layers.TimeDistributed(layers.Dense(3, activation="relu"))(y)
    y = inner(y)
    y = layers.RNN([layers.LSTMCell(2), layers.GRUCell(3)], return_sequences=True)(y)
    y = layers.BatchNormalization()(y)
    y = layers.Bidirectional(layers.SimpleRNN(2), merge_mode="sum")(y)
    model = keras.Model(x, layers.Dense(2)(y))
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.5)
    model.compile(keras.optimizers.RMSprop(schedule), "mae", metrics=["mse"])
    rng = np.random.default_rng(3)
    inputs = rng.standard_normal((8, 5, 2)).astype("float32")
    inputs[::2, 3:] = 0.0
    return model, [inputs], [rng.standard_normal((8, 2)).astype("float32")]


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for make in (text, graph, nested):
        keras.utils.set_random_seed(7)
        keras.backend.clear_session()
        model, x, y = make()
        inputs, targets = (x, y) if len(y) > 1 else (x[0], y[0])
        model.fit(inputs, targets, batch_size=4, epochs=2, verbose=0)
        path = FOLDER / f"{make.__name__}.keras"
        model.save(path)
        model = keras.models.load_model(path)
        predictions = model.predict(inputs, verbose=0)
        losses = [np.ravel(model.train_on_batch(inputs, targets))[0] for _ in range(STEPS)]
        outputs = predictions if isinstance(predictions, list) else [predictions]
        arrays = {f"x{i}": value for i, value in enumerate(x)}
        arrays |= {f"y{i}": value for i, value in enumerate(y)}
        arrays |= {f"output{i}": value for i, value in enumerate(outputs)}
        np.savez_compressed(path.with_suffix(".npz"), losses=losses, **arrays)


if __name__ == "__main__":
    main()
