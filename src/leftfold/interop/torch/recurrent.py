"""The tensors of `nn.RNN`, `nn.LSTM` and `nn.GRU` as weights of Leftfold's cells, and back.

PyTorch multiplies by transposed kernels and always has two biases, one for the input and one for
the hidden state. Where only their sum matters it becomes the one bias that Keras has; a GRU whose
reset gate acts after the product, as PyTorch's does, keeps both.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.interop.gate_orders import reorder
from leftfold.interop.torch.modules import Module
from leftfold.interop.torch.projected import ProjectedLSTMCell
from leftfold.layers import GRUCell, LSTMCell, SimpleRNNCell

_KINDS = {
    SimpleRNNCell: "simple_rnn",
    LSTMCell: "lstm",
    GRUCell: "gru",
    ProjectedLSTMCell: "lstm",
}


def kind_of_cell(cell: Any) -> str | None:
    """The kind of PyTorch module that has this cell, `None` if there is none."""
    return next((kind for cls, kind in _KINDS.items() if type(cell) is cls), None)


def cell_weights(module: Module, cell: Any, layer: int, reverse: bool) -> list[np.ndarray]:
    """The weights of one layer and direction of a module, in the order of a built cell's.

    Args:
        module: a recurrent module.
        cell: the cell that they are for.
        layer: which of the module's layers.
        reverse: whether of the direction from the last step to the first.

    Raises:
        ValueError: when the cell is of another kind, or sizes or biases differ.
    """
    kind = kind_of_cell(cell)
    if kind != module.kind:
        raise ValueError(f"{module.title} expected a layer of its kind, got {_called(cell)}.")
    if kind == "gru" and not cell.reset_after:
        raise ValueError(
            f"{module.title} applies the reset gate after the product; {_called(cell)} has "
            "reset_after=False: make it with reset_after=True."
        )
    features, width = cell.kernel.shape
    state, suffix = cell.recurrent_kernel.shape[0], _suffix(layer, reverse)

    def ours(name: str, *shape: int) -> np.ndarray:
        return reorder(module.tensor(name + suffix, shape), kind, "torch", "keras", axis=0)

    weights = [
        ours("weight_ih_l", width, features).T,
        ours("weight_hh_l", width, state).T,
    ]
    if isinstance(cell, ProjectedLSTMCell):
        weights.append(module.tensor(f"weight_hr_l{suffix}", (state, cell.units)).T)
    has_bias = f"bias_ih_l{suffix}" in module.tensors
    if has_bias and not cell.use_bias:
        raise ValueError(f"{module.title} has biases, {_called(cell)} has use_bias=False.")
    if cell.use_bias:
        # A module made with bias=False computes what zeros would.
        biases = [ours(f"bias_{side}_l", width) for side in ("ih", "hh")] if has_bias else None
        pair = np.stack(biases) if biases else np.zeros((2, width), np.float32)
        weights.append(pair if kind == "gru" else pair[0] + pair[1])
    return weights


def module_tensors(cell: Any, layer: int, reverse: bool) -> dict[str, np.ndarray]:
    """The tensors that a module has for one layer and direction with the weights of `cell`.

    Raises:
        ValueError: when no module of PyTorch computes what the cell does.
    """
    kind, suffix = kind_of_cell(cell), _suffix(layer, reverse)
    if kind is None:
        raise ValueError(f"PyTorch has no module for {_called(cell)}.")
    if kind == "gru" and not cell.reset_after:
        raise ValueError(
            f"PyTorch's nn.GRU applies the reset gate after the product, {_called(cell)} before "
            "it: only a GRU with reset_after=True can be written."
        )
    _check_activations(cell, kind)

    def theirs(weights: np.ndarray) -> np.ndarray:
        return reorder(weights, kind, "keras", "torch", axis=0)

    tensors = {
        f"weight_ih_l{suffix}": theirs(cell.kernel.numpy().T),
        f"weight_hh_l{suffix}": theirs(cell.recurrent_kernel.numpy().T),
    }
    if cell.bias is not None:
        bias = cell.bias.numpy()
        pair = bias if kind == "gru" else (bias, np.zeros_like(bias))
        tensors[f"bias_ih_l{suffix}"] = theirs(pair[0])
        tensors[f"bias_hh_l{suffix}"] = theirs(pair[1])
    if isinstance(cell, ProjectedLSTMCell):
        tensors[f"weight_hr_l{suffix}"] = cell.projection_kernel.numpy().T
    return tensors


def _check_activations(cell: Any, kind: str) -> None:
    """Refuse activations that no module of PyTorch has, since its state dict cannot say them."""
    allowed = ("tanh", "relu") if kind == "simple_rnn" else ("tanh",)
    for name, names in (("activation", allowed), ("recurrent_activation", ("sigmoid",))):
        function = getattr(cell, name, None)
        if function is not None and getattr(function, "__name__", "") not in names:
            raise ValueError(
                f"{_called(cell)} expected {name} to be {' or '.join(names)} for PyTorch, got "
                f"{getattr(function, '__name__', function)}."
            )


def _suffix(layer: int, reverse: bool) -> str:
    return f"{layer}_reverse" if reverse else f"{layer}"


def _called(cell: Any) -> str:
    return f"{type(cell).__name__} {getattr(cell, 'name', '')}".strip()
