"""One valid call of every native kernel, to be spoilt argument by argument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

B, T, F, U = 3, 4, 5, 6


@dataclass
class Call:
    """A kernel's name and its arguments by name, in order.

    Args:
        kernel: the name of the function.
        arguments: valid ones.
        optional: names of those that may be `None`.
        in_place: names of those that the kernel changes.
    """

    kernel: str
    arguments: dict[str, Any]
    optional: tuple[str, ...] = ()
    in_place: tuple[str, ...] = ()

    def run(self, native: Any, **changes: Any) -> Any:
        """Call the kernel with some arguments changed."""
        return getattr(native, self.kernel)(*(self.arguments | changes).values())

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The arguments that are arrays."""
        return {n: a for n, a in self.arguments.items() if isinstance(a, np.ndarray)}

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments that are plain Python values."""
        return {n: a for n, a in self.arguments.items() if not isinstance(a, np.ndarray)}


def floats(*shape: int) -> np.ndarray:
    return np.linspace(0.1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)


def ids(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.int32) % 3


def recurrence(cell: str, gates: int, bias: tuple[int, ...], **settings: Any) -> Call:
    states = {"h0": floats(B, U)} | ({"c0": floats(B, U)} if cell == "lstm" else {})
    arguments = {
        "x": floats(B, T, F),
        "kernel": floats(F, gates * U),
        "recurrent_kernel": floats(U, gates * U),
        "bias": floats(*bias),
        **states,
        "mask": np.ones((B, T), bool),
        "input_dropout": floats(gates, B, F),
        "recurrent_dropout": floats(gates, B, U),
        "activation": "tanh",
        **settings,
        "go_backwards": False,
        "return_sequences": True,
        "zero_output_for_mask": False,
        "save": True,
    }
    optional = ("bias", *states, "mask", "input_dropout", "recurrent_dropout")
    return Call(f"{cell}_forward", arguments, optional)


GATED = {"recurrent_activation": "sigmoid"}
FORWARD = [
    recurrence("simple_rnn", 1, (U,)),
    recurrence("lstm", 4, (4 * U,), **GATED),
    recurrence("gru", 3, (2, 3 * U), **GATED, reset_after=True),
    recurrence("gru", 3, (3 * U,), **GATED, reset_after=False),
]
IN_PLACE = ("values", "momentum_state", "velocity", "average_gradient", "m", "v", "accumulator")


def optimizer(
    name: str, states: list[str], optional: tuple[str, ...] = (), **settings: Any
) -> Call:
    arrays = {array: floats(9) for array in ["values", "gradients", *states]}
    in_place = tuple(array for array in arrays if array != "gradients")
    return Call(f"{name}_update", arrays | settings, optional, in_place)


BETAS = {"beta_1": 0.9, "beta_2": 0.99}
DENSE = [
    Call(
        "gemm",
        {"a": floats(3, 4), "b": floats(4, 5), "transpose_a": False, "transpose_b": False}
        | {"bias": floats(5)},
        ("bias",),
    ),
    Call(
        "dense_backward",
        {"x": floats(7, 3), "kernel": floats(3, 4), "dy": floats(7, 4)}
        | {"wants_x": True, "wants_kernel": True, "wants_bias": True},
    ),
    Call(
        "batched_gemm",
        {"a": floats(2, 3, 4), "b": floats(2, 4, 5), "transpose_a": False, "transpose_b": False},
    ),
    Call("embedding_forward", {"table": floats(3, 4), "ids": ids(7)}),
    Call(
        "embedding_backward",
        {"total": floats(3, 4), "ids": ids(7), "rows": floats(7, 4)},
        in_place=("total",),
    ),
    Call(
        "distinct_ids",
        {"ids": ids(7), "words": np.zeros(3, np.int32), "places": np.zeros(7, np.int32)},
        in_place=("words", "places"),
    ),
    Call("softmax", {"logits": floats(7, 3)}),
    Call("softmax_gradient", {"probabilities": floats(7, 3), "d_probabilities": floats(7, 3)}),
    Call("softmax_crossentropy", {"logits": floats(7, 3), "labels": ids(7), "smoothing": 0.1}),
    Call(
        "softmax_crossentropy_gradient",
        {"probabilities": floats(7, 3), "labels": ids(7), "d_losses": floats(7), "smoothing": 0.1},
    ),
    Call(
        "binary_crossentropy",
        {"targets": floats(7), "outputs": floats(7), "low": 0.1, "high": 0.9},
    ),
    Call(
        "sparse_crossentropy",
        {"outputs": floats(7, 3), "labels": ids(7), "low": 0.1, "high": 0.9},
    ),
    Call(
        "sparse_crossentropy_gradient",
        {"labels": ids(7), "d_losses": floats(7), "slopes": floats(7), "own_slopes": floats(7)}
        | {"classes": 3},
    ),
    Call(
        "likeliest",
        {"logits": floats(7, 3), "first": 1, "chosen": np.zeros((7, 2), np.int32)}
        | {"log_probabilities": floats(7, 2)},
        in_place=("chosen", "log_probabilities"),
    ),
    Call("squared_norm", {"gradients": floats(9)}),
    Call("clear", {"values": floats(9)}, in_place=("values",)),
    Call("scale", {"gradients": floats(9), "factor": 2.0}, in_place=("gradients",)),
    Call("uniform", {"key0": 1, "key1": 2, "count": 9}),
    Call("dropout_mask", {"key0": 1, "key1": 2, "count": 9, "rate": 0.5}),
    Call("dropout", {"key0": 1, "key1": 2, "x": floats(9), "rate": 0.5}),
    Call("dropout_gradient", {"dy": floats(9), "mask": floats(9)}),
    optimizer(
        "sgd", ["momentum_state"], ("momentum_state",),
        learning_rate=0.1, momentum=0.9, nesterov=True,
    ),
    optimizer(
        "rmsprop",
        ["velocity", "momentum_state", "average_gradient"],
        ("momentum_state", "average_gradient"),
        learning_rate=0.1, rho=0.9, momentum=0.9, epsilon=1e-7,
    ),
    optimizer("adam", ["m", "v"], alpha=0.1, **BETAS, epsilon=1e-7, decay=0.0),
    optimizer("adagrad", ["accumulator"], learning_rate=0.1, epsilon=1e-7),
    optimizer(
        "nadam", ["m", "v"],
        learning_rate=0.1, u_t=0.9, u_next=0.9, u_product=0.8, u_product_next=0.7,
        **BETAS, beta_2_power=0.98, epsilon=1e-7,
    ),
]  # fmt: skip
FACTORS = ("words", "word_squares", "contexts", "context_squares")
VECTORS = [
    Call(
        "cooccurrence_counts",
        {
            "tokens": ids(7),
            "positions": np.array([0, 3, 6, 1, 4, 2, 5], np.int32),
            "starts": np.array([0, 3, 5, 7], np.int64),
            "weights": floats(2),
            "both_sides": True,
            "vocabulary": 3,
            "columns": np.zeros(9, np.int32),
            "counts": floats(9),
            "lengths": np.zeros(3, np.int64),
        },
        in_place=("columns", "counts", "lengths"),
    ),
    Call(
        "glove_update",
        {name: floats(3, 6) for name in FACTORS}
        | {"rows": ids(7), "columns": ids(7)[::-1].copy(), "log_counts": floats(7)}
        | {"starts": np.array([0, 4], np.int64), "stops": np.array([4, 7], np.int64)}
        | {"dimensions": 4, "log_x_max": 2.0, "alpha": 0.75, "learning_rate": 0.05},
        in_place=FACTORS,
    ),
]
TEXT = [Call("parse_numbers", {"text": b"1 2.5 -3e2", "count": 3})]
CALLS = [*FORWARD, *DENSE, *VECTORS, *TEXT]
NAMES = [f"{call.kernel}_{n}" for n, call in enumerate(CALLS)]


def backward(native: Any, forward: Call) -> Call:
    """The valid backward pass after a valid forward pass."""
    *outputs, saved = forward.run(native)
    names = ("d_output", "d_h", "d_c")
    gradients = {name: floats(*output.shape) for name, output in zip(names, outputs, strict=False)}
    return Call(
        forward.kernel.replace("forward", "backward"),
        {"saved": saved, **gradients, "needs_dx": True},
        tuple(gradients),
    )
