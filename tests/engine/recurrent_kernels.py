"""The three recurrences under one face, so that one test speaks of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3}
STATES = {"simple_rnn": ("h0",), "lstm": ("h0", "c0"), "gru": ("h0",)}

CELLS = [
    ("simple_rnn", {}),
    ("lstm", {}),
    ("gru", {"reset_after": True}),
    ("gru", {"reset_after": False}),
]
CELL_NAMES = ["simple_rnn", "lstm", "gru_after", "gru_before"]


@dataclass
class Case:
    """One call of a recurrence: its tensors by name, and its settings."""

    cell: str
    tensors: dict[str, np.ndarray | None]
    mask: np.ndarray | None = None
    input_dropout: np.ndarray | None = None
    recurrent_dropout: np.ndarray | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    def forward(self, kernels: Any, save: bool = False) -> tuple[Any, ...]:
        """Output, the last states, and what was saved."""
        s = {"activation": "tanh", "recurrent_activation": "sigmoid", **self.settings}
        activations = [s["activation"]]
        if self.cell != "simple_rnn":
            activations.append(s["recurrent_activation"])
        if self.cell == "gru":
            activations.append(s["reset_after"])
        t = self.tensors
        return getattr(kernels, f"{self.cell}_forward")(
            t["x"],
            t["kernel"],
            t["recurrent_kernel"],
            t["bias"],
            *(t[name] for name in STATES[self.cell]),
            self.mask,
            self.input_dropout,
            self.recurrent_dropout,
            *activations,
            s.get("go_backwards", False),
            s.get("return_sequences", False),
            s.get("zero_output_for_mask", False),
            save,
        )

    def backward(
        self, kernels: Any, saved: Any, *gradients: np.ndarray | None, needs_dx: bool = True
    ) -> dict[str, np.ndarray | None]:
        """The gradient of every tensor by name."""
        found = getattr(kernels, f"{self.cell}_backward")(saved, *gradients, needs_dx)
        names = ["x", "kernel", "recurrent_kernel", "bias", *STATES[self.cell]]
        return dict(zip(names, found, strict=True))


def make_case(
    cell: str,
    batch: int = 3,
    timesteps: int = 4,
    features: int = 2,
    units: int = 3,
    mask: str = "none",
    dropout: str = "none",
    bias: bool = True,
    states: bool = True,
    dtype: Any = np.float64,
    seed: int = 0,
    **settings: Any,
) -> Case:
    """A case with random tensors.

    Args:
        mask: a name that `make_mask` knows.
        dropout: "none"; "input" (one mask for all gates); "gates" (one a gate, input and state).
        bias: whether there is one.
        states: whether initial states are given.
    """
    random = np.random.default_rng(seed)
    gates = GATES[cell]
    bias_shape = (2, gates * units) if settings.get("reset_after") else (gates * units,)

    def normal(*shape: int) -> np.ndarray:
        return random.normal(size=shape).astype(dtype)

    tensors: dict[str, np.ndarray | None] = {
        "x": normal(batch, timesteps, features),
        "kernel": normal(features, gates * units),
        "recurrent_kernel": normal(units, gates * units) / np.sqrt(units).astype(dtype),
        "bias": normal(*bias_shape) if bias else None,
    }
    for name in STATES[cell]:
        tensors[name] = normal(batch, units) if states else None

    def kept(count: int, size: int) -> np.ndarray:
        return ((random.random((count, batch, size)) < 0.6) / 0.6).astype(dtype)

    return Case(
        cell,
        tensors,
        make_mask(mask, batch, timesteps, random),
        None if dropout == "none" else kept(1 if dropout == "input" else gates, features),
        kept(gates, units) if dropout == "gates" else None,
        settings,
    )


MASKS = ["none", "left", "right", "holes", "some_empty", "all_empty", "full"]


def make_mask(
    kind: str, batch: int, timesteps: int, random: np.random.Generator
) -> np.ndarray | None:
    """A mask (batch, timesteps): padding on one side, holes, rows without any valid step."""
    if kind == "none":
        return None
    lengths = random.integers(1, max(timesteps, 1) + 1, size=batch)[:, None]
    time = np.arange(timesteps)
    mask = {
        "left": time >= timesteps - lengths,
        "right": time < lengths,
        "holes": random.random((batch, timesteps)) < 0.6,
        "some_empty": (time < lengths) & (np.arange(batch)[:, None] % 2 == 1),
        "all_empty": np.zeros((batch, timesteps), bool),
        "full": np.ones((batch, timesteps), bool),
    }[kind]
    return np.ascontiguousarray(np.broadcast_to(mask, (batch, timesteps)))
