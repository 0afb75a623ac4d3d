"""The nine models of the benchmark as plain data, and how much arithmetic each step takes.

A model is a list of `(class name, arguments)` in Keras's terms, so that one description serves
every framework.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

LayerSpec = tuple[str, dict[str, Any]]


class Workload(NamedTuple):
    """A model, the shape of its batches, and how it is trained.

    Attributes:
        name: as it appears in the tables.
        layers: the model, first layer first.
        batch: sequences in a batch.
        timesteps: steps in a sequence.
        features: numbers at each step; 0 if the steps are token ids.
        classes: size of the vocabulary that is predicted; 0 for one number or probability.
        loss: Keras's name of the loss.
        optimizer: Keras's name of the optimiser, with its defaults.
    """

    name: str
    layers: tuple[LayerSpec, ...]
    batch: int
    timesteps: int
    features: int
    loss: str
    optimizer: str
    classes: int = 0

    @property
    def vocabulary(self) -> int:
        """How many token ids there are."""
        return int(self.layers[0][1].get("input_dim", 0))


def _reviews(cell: str, **arguments: Any) -> tuple[LayerSpec, ...]:
    return (
        ("Embedding", {"input_dim": 5000, "output_dim": 100}),
        (cell, {"units": 256, **arguments}),
        ("Dense", {"units": 1, "activation": "sigmoid"}),
    )


WORKLOADS = (
    Workload(
        "vix_simplernn50",
        (("SimpleRNN", {"units": 50, "activation": "relu"}), ("Dense", {"units": 1})),
        batch=32,
        timesteps=50,
        features=1,
        loss="mse",
        optimizer="adam",
    ),
    Workload(
        "imdb_simplernn32",
        (
            ("Embedding", {"input_dim": 10000, "output_dim": 32}),
            ("SimpleRNN", {"units": 32}),
            ("Dense", {"units": 1, "activation": "sigmoid"}),
        ),
        batch=128,
        timesteps=500,
        features=0,
        loss="binary_crossentropy",
        optimizer="rmsprop",
    ),
    *(
        Workload(
            f"imdb_{cell.lower()}256",
            _reviews(cell),
            batch=64,
            timesteps=500,
            features=0,
            loss="binary_crossentropy",
            optimizer="adam",
        )
        for cell in ("SimpleRNN", "LSTM", "GRU")
    ),
    Workload(
        "imdb_bilstm64",
        (
            ("Embedding", {"input_dim": 10000, "output_dim": 128}),
            ("Bidirectional", {"layer": ("LSTM", {"units": 64})}),
            ("Dense", {"units": 64, "activation": "relu"}),
            ("Dropout", {"rate": 0.5}),
            ("Dense", {"units": 1, "activation": "sigmoid"}),
        ),
        batch=128,
        timesteps=256,
        features=0,
        loss="binary_crossentropy",
        optimizer="adam",
    ),
    Workload(
        "imdb_lstm128_dropout",
        (
            ("Embedding", {"input_dim": 10000, "output_dim": 128}),
            ("LSTM", {"units": 128, "dropout": 0.2, "recurrent_dropout": 0.2}),
            ("Dense", {"units": 1, "activation": "sigmoid"}),
        ),
        batch=64,
        timesteps=200,
        features=0,
        loss="binary_crossentropy",
        optimizer="adam",
    ),
    Workload(
        "textgen_lstm150_100",
        (
            ("Embedding", {"input_dim": 5000, "output_dim": 100}),
            ("LSTM", {"units": 150, "return_sequences": True}),
            ("Dropout", {"rate": 0.2}),
            ("LSTM", {"units": 100}),
            ("Dense", {"units": 100, "activation": "relu"}),
            ("Dense", {"units": 5000, "activation": "softmax"}),
        ),
        batch=128,
        timesteps=50,
        features=0,
        loss="sparse_categorical_crossentropy",
        optimizer="adam",
        classes=5000,
    ),
    Workload(
        "stock_lstm50x2",
        (
            ("LSTM", {"units": 50, "return_sequences": True}),
            ("Dropout", {"rate": 0.2}),
            ("LSTM", {"units": 50}),
            ("Dropout", {"rate": 0.2}),
            ("Dense", {"units": 25}),
            ("Dense", {"units": 1}),
        ),
        batch=32,
        timesteps=60,
        features=1,
        loss="mse",
        optimizer="adam",
    ),
)

GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}


def batch_of(workload: Workload, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Inputs `(batch, timesteps[, features])` and targets of a workload, random but fixed."""
    rng = np.random.default_rng(seed)
    shape = (workload.batch, workload.timesteps)
    if workload.features:
        x = rng.standard_normal((*shape, workload.features)).astype(np.float32)
    else:
        x = rng.integers(0, workload.vocabulary, shape).astype(np.int32)
    if workload.classes:
        return x, rng.integers(0, workload.classes, workload.batch).astype(np.int32)
    if workload.loss == "binary_crossentropy":
        return x, rng.integers(0, 2, (workload.batch, 1)).astype(np.float32)
    return x, rng.standard_normal((workload.batch, 1)).astype(np.float32)


def step_flops(workload: Workload) -> int:
    """Floating-point operations in the matrix products of one training step.

    Each product of the forward pass comes back twice in the backward pass, once for the
    weights' gradient and once for the input's; the latter is not needed where the input is
    data. Activations, the loss and the optimiser are not counted.
    """
    features, rows = workload.features, workload.batch * workload.timesteps
    needs_dx = total = 0
    for name, arguments in workload.layers:
        if name == "Embedding":
            features, needs_dx = arguments["output_dim"], 1
        elif name == "Dense":
            units = arguments["units"]
            total += 2 * rows * features * units * (2 + needs_dx)
            features, needs_dx = units, 1
        elif name != "Dropout":
            directions = 1
            if name == "Bidirectional":
                directions, (name, arguments) = 2, arguments["layer"]
            units = arguments["units"]
            columns = GATES[name] * units
            total += directions * 2 * rows * columns * (features * (2 + needs_dx) + units * 3)
            features, needs_dx = units * directions, 1
            if not arguments.get("return_sequences"):
                rows = workload.batch
    return total
