"""A model made from nothing but a state dict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leftfold import layers
from leftfold.interop.torch.files import as_numpy, read_state
from leftfold.interop.torch.modules import Module, in_order, modules_of
from leftfold.interop.torch.projected import ProjectedLSTMCell
from leftfold.interop.torch.states import load_state
from leftfold.models import Sequential


def model_from_state(
    state: Any,
    *,
    return_sequences: bool = False,
    activations: Sequence[Any] | None = None,
    nonlinearity: str = "tanh",
    epsilon: float = 1e-5,
    kinds: Mapping[str, str] | None = None,
    order: Sequence[str] | None = None,
) -> Any:
    """The `Sequential` model whose modules stand in a state dict one behind the other.

    A state dict holds tensors and no program: that the modules follow each other in its order is
    assumed, and what else it does not say are the arguments here.

    Args:
        state: arrays or tensors by name, or the path of a file for `read_state`.
        return_sequences: whether the last recurrent layer gives every step or only the last.
        activations: one for each `nn.Linear` and `nn.Conv1d` in order, names or functions.
            May be left out where there is at most one, which then has none.
        nonlinearity: that of `nn.RNN`, `"tanh"` or `"relu"`.
        epsilon: that of normalisations; 1e-5 is PyTorch's default.
        kinds: what modules are where shapes cannot tell, such as `{"words": "Embedding"}`; a
            lone matrix is taken for an `Embedding` if its name contains "emb".
        order: the names of all modules in the order in which they run, where it is lost, as in
            safetensors files, and does not follow from their sizes.

    Returns:
        The model with these weights.

    Raises:
        ValueError: when tensors belong to no known module, or something is left open.

    Example:
        >>> import numpy as np
        >>> state = {"weight_ih_l0": np.ones((8, 3)), "weight_hh_l0": np.ones((8, 2))}
        >>> type(model_from_state(state).layers[0]).__name__
        'LSTM'
    """
    if not isinstance(state, Mapping):
        state = read_state(state)
    arrays = {name: as_numpy(value, name) for name, value in state.items()}
    modules = in_order(modules_of(arrays, kinds), arrays, order)
    bent = [module for module in modules if module.kind in ("Linear", "Conv1d")]
    if activations is None:
        if len(bent) > 1:
            raise ValueError(
                f"The state dict does not say what lies between {bent[0].title} and "
                f"{bent[1].title}: give activations, one for each of the {len(bent)}."
            )
        activations = [None] * len(bent)
    if len(activations) != len(bent):
        raise ValueError(f"activations expected {len(bent)} entries, got {len(activations)}.")
    waiting = list(activations)
    last = max((i for i, module in enumerate(modules) if module.recurrent), default=-1)
    stack: list[Any] = []
    for i, module in enumerate(modules):
        if module.recurrent:
            stack += _recurrent_layers(module, i < last or return_sequences, nonlinearity)
        else:
            activation = waiting.pop(0) if module in bent else None
            stack.append(_plain_layer(module, activation, epsilon))
    model = Sequential([_input_for(modules[0]), *stack])
    names = {}
    for module in modules:
        count = module.depth if module.recurrent else 1
        names[module.prefix] = [layer.name for layer in stack[:count]]
        stack = stack[count:]
    load_state(model, arrays, names)
    return model


def _input_for(module: Module) -> Any:
    tensors = module.tensors
    if module.kind == "Embedding":
        return layers.Input((None,), dtype="int32")
    if module.recurrent:
        return layers.Input((None, tensors["weight_ih_l0"].shape[1]))
    if module.kind == "Conv1d":
        return layers.Input((None, tensors["weight"].shape[1]))
    name = "running_mean" if module.kind == "BatchNorm" else "weight"
    return layers.Input((tensors[name].shape[-1],))


def _plain_layer(module: Module, activation: Any, epsilon: float) -> Any:
    weight = module.tensors.get("weight")
    has_bias = "bias" in module.tensors
    if module.kind == "LayerNorm":
        return layers.LayerNormalization(epsilon=epsilon, center=has_bias)
    if module.kind == "BatchNorm":
        return layers.BatchNormalization(epsilon=epsilon, center=has_bias, scale=weight is not None)
    assert weight is not None
    if module.kind == "Embedding":
        return layers.Embedding(*weight.shape)
    if module.kind == "Conv1d":
        filters, _, width = weight.shape
        return layers.Conv1D(filters, width, activation=activation, use_bias=has_bias)
    return layers.Dense(weight.shape[0], activation=activation, use_bias=has_bias)


def _recurrent_layers(module: Module, sequences_at_the_end: bool, nonlinearity: str) -> list[Any]:
    made = []
    for depth in range(module.depth):
        sequences = depth < module.depth - 1 or sequences_at_the_end
        layer = _recurrent_layer(module, depth, sequences, nonlinearity)
        made.append(layers.Bidirectional(layer) if module.bidirectional else layer)
    return made


def _recurrent_layer(module: Module, depth: int, sequences: bool, nonlinearity: str) -> Any:
    state = module.tensors[f"weight_hh_l{depth}"].shape[1]
    use_bias = f"bias_ih_l{depth}" in module.tensors
    settings = {"use_bias": use_bias, "return_sequences": sequences}
    if module.kind == "gru":
        return layers.GRU(state, **settings)
    if module.kind == "simple_rnn":
        return layers.SimpleRNN(state, activation=nonlinearity, **settings)
    if "weight_hr_l0" in module.tensors:
        units = module.tensors[f"weight_hr_l{depth}"].shape[1]
        cell = ProjectedLSTMCell(units, state, use_bias)
        return layers.RNN(cell, return_sequences=sequences)
    return layers.LSTM(state, **settings)
