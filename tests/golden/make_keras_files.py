"""Small models trained and saved by one version of Keras in each of its formats.

Run in an environment that has the version, once for each: `KERAS_BACKEND=jax python
tests/golden/make_keras_files.py`, with `tf_keras` as argument for the Keras 2 that lives on there.
It writes `keras_files/WRITER-VERSION.zip`: for each model `NAME.keras`, `NAME.weights.h5`,
`NAME.h5`, and `NAME.json` with inputs, targets, predictions, and the losses of further steps of
training from the file. `leftfold_goldens>Scale` is a layer of the user's own.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

WRITER = sys.argv[1] if len(sys.argv) > 1 else "keras"
keras = importlib.import_module(WRITER)
layers = keras.layers

FOLDER = Path(__file__).parent / "keras_files"
STEPS = 5
Arrays = list[np.ndarray]
register = getattr(keras, "saving", keras.utils).register_keras_serializable


@register(package="leftfold_goldens")
class Scale(layers.Layer):
    """Multiplies by a factor that is learnt."""

    def __init__(self, first: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first = first

    def build(self, input_shape: Any) -> None:
        start = keras.initializers.Constant(self.first)
        self.factor = self.add_weight(name="factor", shape=(input_shape[-1],), initializer=start)

    def call(self, inputs: Any) -> Any:
        return inputs * self.factor

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "first": self.first}


def words(rng: np.random.Generator) -> tuple[Any, Arrays, Arrays]:
    """Token ids with padding, a bidirectional LSTM under a GRU."""
    model = keras.Sequential(
        [
            keras.Input((6,), dtype="int32"),
            layers.Embedding(9, 3, mask_zero=True),
            layers.Bidirectional(layers.LSTM(2, return_sequences=True)),
            layers.Dropout(0.0),
            layers.GRU(2),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    x = rng.integers(1, 9, (8, 6)).astype("int32")
    for row in range(8):
        x[row, rng.integers(1, 7) :] = 0
    return model, [x], [rng.integers(0, 2, (8, 1)).astype("float32")]


def graph(rng: np.random.Generator) -> tuple[Any, Arrays, Arrays]:
    """Two inputs through one LSTM, an initial state, two outputs with losses of their own."""
    a, b = keras.Input((None, 2), name="a"), keras.Input((None, 2), name="b")
    shared = layers.LSTM(2, return_sequences=True, return_state=True, name="shared")
    u, h, c = shared(a)
    v, _, _ = shared(b)
    joined = layers.Concatenate(axis=-1)([u, v])
    state = layers.LSTM(2, name="decoder")(joined, initial_state=[h, c])
    cost = layers.Dense(1, name="cost")(layers.Add()([state, h]))
    kind = layers.Dense(3, activation="softmax", name="kind")(layers.GlobalMaxPooling1D()(v))
    model = keras.Model([a, b], [cost, kind])
    model.compile(
        keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True, clipnorm=1.0),
        {"cost": "mse", "kind": keras.losses.SparseCategoricalCrossentropy()},
        loss_weights={"cost": 1.0, "kind": 0.5},
        metrics={"kind": ["accuracy"]},
    )
    x = [rng.standard_normal((6, 4, 2)).astype("float32") for _ in range(2)]
    return model, x, [rng.standard_normal((6, 1)), rng.integers(0, 3, (6, 1))]


def nested(rng: np.random.Generator) -> tuple[Any, Arrays, Arrays]:
    """A stack and a graph inside a graph, both called twice; stacked cells; batch statistics."""
    stack = keras.Sequential(
        [keras.Input((4, 2)), layers.SimpleRNN(2, return_sequences=True)], name="stack"
    )
    y = keras.Input((4, 2))
    inner = keras.Model(y, layers.LayerNormalization()(layers.Dense(2)(y)), name="inner")
    x = keras.Input((4, 2))
    y = layers.TimeDistributed(layers.Dense(2, activation="relu"))(x)
    y = layers.Add()([inner(stack(y)), inner(stack(x))])
    y = layers.RNN([layers.LSTMCell(2), layers.GRUCell(2)], return_sequences=True)(y)
    y = layers.BatchNormalization()(y)
    y = layers.Bidirectional(layers.SimpleRNN(2), merge_mode="sum")(y)
    model = keras.Model(x, layers.Dense(2)(y))
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.5)
    model.compile(keras.optimizers.RMSprop(schedule), "mae", metrics=["mse"])
    values = rng.standard_normal((6, 4, 2)).astype("float32")
    return model, [values], [rng.standard_normal((6, 2)).astype("float32")]


def attending(rng: np.random.Generator) -> tuple[Any, Arrays, Arrays]:
    """Attention of both kinds over a recurrence and a convolution."""
    x = keras.Input((5, 3))
    y = layers.Conv1D(2, 2, padding="causal", activation="tanh")(x)
    y = layers.GRU(2, return_sequences=True)(y)
    y = layers.MultiHeadAttention(2, 2)(y, y)
    y = layers.Attention(use_scale=True)([y, y])
    model = keras.Model(x, layers.Dense(1)(layers.GlobalAveragePooling1D()(y)))
    # Nadam of Keras 2 counts its steps once for each variable, which no file tells.
    kind = keras.optimizers.Adamax if WRITER == "tf_keras" else keras.optimizers.Nadam
    model.compile(kind(0.01), "mse")
    inputs = rng.standard_normal((6, 5, 3)).astype("float32")
    return model, [inputs], [rng.standard_normal((6, 1)).astype("float32")]


def stateful(rng: np.random.Generator) -> tuple[Any, Arrays, Arrays]:
    """States that outlive a batch, and a layer of the user's own."""
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(4, 3, 2)),
            layers.GRU(2, stateful=True, return_sequences=True),
            Scale(0.5),
            layers.LSTM(2, stateful=True),
            layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adagrad(0.1), "mse")
    x = rng.standard_normal((4, 3, 2)).astype("float32")
    return model, [x], [rng.standard_normal((4, 1)).astype("float32")]


def record(make: Any, folder: Path) -> None:
    """Train, save in every format, and write down what the file is to do."""
    name = make.__name__
    keras.utils.set_random_seed(7)
    keras.backend.clear_session()
    model, x, y = make(np.random.default_rng(3))
    inputs, targets = (x[0], y[0]) if len(y) == 1 else (x, y)
    settings = {"batch_size": len(y[0]), "shuffle": False, "verbose": 0}
    model.fit(inputs, targets, epochs=3, **settings)
    save(model, folder, name)
    forget(model)
    outputs = model.predict(inputs, batch_size=len(y[0]), verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    losses = []
    for _ in range(STEPS):
        forget(model)
        losses += model.fit(inputs, targets, **settings).history["loss"]
    numbers = {"x": x, "y": y, "outputs": outputs}
    facts = {key: [np.asarray(value).tolist() for value in some] for key, some in numbers.items()}
    (folder / f"{name}.json").write_text(json.dumps({**facts, "losses": list(map(float, losses))}))


def save(model: Any, folder: Path, name: str) -> None:
    model.save(folder / f"{name}.keras")
    model.save_weights(folder / f"{name}.weights.h5")
    try:
        model.save(folder / f"{name}.h5")
    except ValueError as error:  # Keras 3.0 gives the state of some optimisers one name twice
        print(f"{name}.h5: {error}")
        (folder / f"{name}.h5").unlink()


def forget(model: Any) -> None:
    """Let stateful layers begin anew, as they do when they come out of a file."""
    for layer in model.layers:
        if getattr(layer, "stateful", False):
            (getattr(layer, "reset_state", None) or layer.reset_states)()


def main() -> None:
    warnings.simplefilter("ignore")
    FOLDER.mkdir(exist_ok=True)
    target = FOLDER / f"{WRITER}-{keras.__version__}.zip"
    with (
        tempfile.TemporaryDirectory() as name,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):
        for make in (words, graph, nested, attending, stateful):
            record(make, Path(name))
        for path in sorted(Path(name).iterdir()):
            archive.write(path, path.name)


if __name__ == "__main__":
    main()
