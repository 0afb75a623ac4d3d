"""What only Keras 2 wrote: its older optimisers, `hard_sigmoid`, cuDNN layers, `decay`.

Run in an environment with TensorFlow and tf_keras: `python tests/golden/make_keras2_files.py`.
It writes `keras_files/keras2.zip`, laid out as those of `make_keras_files.py`.
"""

from __future__ import annotations

import json
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import tf_keras as keras
from tf_keras import layers
from tf_keras.src.saving.legacy import hdf5_format

TARGET = Path(__file__).parent / "keras_files" / "keras2.zip"
legacy = keras.optimizers.legacy


def old() -> tuple[Any, np.ndarray]:
    """Gates of the time before Keras 3, token ids of a fixed length."""
    model = keras.Sequential(
        [
            layers.Embedding(9, 3, input_length=5),
            layers.LSTM(3, recurrent_activation="hard_sigmoid", return_sequences=True),
            layers.GRU(2, reset_after=False, implementation=1),
            layers.LeakyReLU(alpha=0.1),
            layers.Dense(1, activation="hard_sigmoid"),
        ]
    )
    model.compile(legacy.Adam(0.01, decay=0.1), "mean_squared_error", metrics=["acc", "mae"])
    return model, np.random.default_rng(1).integers(0, 9, (6, 5)).astype("int32")


def momentum() -> tuple[Any, np.ndarray]:
    """State beside each variable under an older name."""
    x = keras.Input((4, 2))
    y = layers.SimpleRNN(3, return_sequences=True)(x)
    model = keras.Model(x, layers.Dense(1)(layers.GRU(2)(y)))
    model.compile(legacy.SGD(0.05, momentum=0.9), keras.losses.MeanSquaredError())
    return model, np.random.default_rng(2).standard_normal((6, 4, 2)).astype("float32")


def amsgrad() -> tuple[Any, np.ndarray]:
    """Three numbers beside each variable, each kind together."""
    model = keras.Sequential([keras.Input((4, 2)), layers.LSTM(3), layers.Dense(1)])
    model.compile(legacy.Adam(0.01, amsgrad=True), "mae")
    return model, np.random.default_rng(3).standard_normal((6, 4, 2)).astype("float32")


def cudnn() -> tuple[Any, np.ndarray]:
    """A model for a processor without cuDNN; `as_cudnn` rewrites its file."""
    model = keras.Sequential(
        [
            keras.Input((4, 3)),
            layers.LSTM(2, return_sequences=True),
            layers.Bidirectional(layers.GRU(2)),
            layers.Dense(1),
        ]
    )
    return model, np.random.default_rng(4).standard_normal((6, 4, 3)).astype("float32")


class CuDNNLSTM:
    """By its name, the target of a conversion of weights."""


class CuDNNGRU:
    """By its name, the target of a conversion of weights."""


def as_cudnn(path: Path) -> None:
    """Classes and weights as a model with cuDNN layers has them."""
    import h5py

    with h5py.File(path, "r+") as file:
        config = file.attrs["model_config"]
        for kind in ("LSTM", "GRU"):
            config = config.replace(f'"class_name": "{kind}"', f'"class_name": "CuDNN{kind}"')
        for gone in ("activation", "recurrent_activation", "use_bias", "reset_after", "unroll"):
            config = json.dumps(_without(json.loads(config), gone))
        file.attrs["model_config"] = config
        for group in file["model_weights"].values():
            names = list(group.attrs["weight_names"])
            for at in range(0, len(names) - 2, 3):
                part = names[at : at + 3]
                target = CuDNNLSTM() if "lstm" in part[0] else CuDNNGRU()
                target.units = group[part[1]].shape[0]
                weights = [group[name][()] for name in part]
                weights = hdf5_format._convert_rnn_weights(target, weights)
                for name, value in zip(part, weights, strict=True):
                    del group[name]
                    group[name] = value


def _without(data: Any, key: str) -> Any:
    """Plain data without an argument of cuDNN layers."""
    if isinstance(data, list):
        return [_without(item, key) for item in data]
    if not isinstance(data, dict):
        return data
    inner = {name: _without(value, key) for name, value in data.items()}
    if str(inner.get("class_name")).startswith("CuDNN"):
        inner["config"].pop(key, None)
    return inner


def record(make: Any, folder: Path) -> None:
    """Train, save, and write down what the file is to do."""
    name = make.__name__
    keras.utils.set_random_seed(7)
    model, x = make()
    y = np.random.default_rng(9).standard_normal((6, 1)).astype("float32")
    settings = {"batch_size": 6, "shuffle": False, "verbose": 0}
    trains = model.optimizer is not None
    if trains:
        model.fit(x, y, epochs=3, **settings)
    model.save(folder / f"{name}.h5")
    if make is cudnn:
        as_cudnn(folder / f"{name}.h5")
    outputs = model.predict(x, verbose=0)
    losses = model.fit(x, y, epochs=5, **settings).history["loss"] if trains else []
    facts = {"x": [x.tolist()], "y": [y.tolist()], "outputs": [outputs.tolist()]}
    (folder / f"{name}.json").write_text(json.dumps({**facts, "losses": losses}))


def main() -> None:
    warnings.simplefilter("ignore")
    with (
        tempfile.TemporaryDirectory() as name,
        zipfile.ZipFile(TARGET, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):
        for make in (old, momentum, amsgrad, cudnn):
            record(make, Path(name))
        for path in sorted(Path(name).iterdir()):
            archive.write(path, path.name)


if __name__ == "__main__":
    main()
