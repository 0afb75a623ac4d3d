"""State dicts of PyTorch in and out, without PyTorch; `tests/parity` compares the numbers."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import leftfold
from leftfold import layers
from leftfold.interop import torch
from leftfold.interop.gate_orders import GATE_ORDERS, reorder
from leftfold.saving import SavingError

RNG = np.random.default_rng(0)


def built(layer: Any, features: int = 3) -> Any:
    layer.build((None, None, features))
    layer.set_weights([RNG.normal(size=w.shape).astype(np.float32) for w in layer.weights])
    return layer


@pytest.mark.parametrize("source", GATE_ORDERS)
@pytest.mark.parametrize("target", GATE_ORDERS)
@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru"])
def test_every_gate_order_leads_to_every_other_and_back(source: str, target: str, cell: str):
    gates = GATE_ORDERS[source][cell]
    there = reorder(np.array(list(gates)), cell, source, target, axis=0)
    assert "".join(there) == GATE_ORDERS[target][cell]
    assert "".join(reorder(there, cell, target, source, axis=0)) == gates


RECURRENT = {
    "rnn": lambda: layers.SimpleRNN(4),
    "lstm": lambda: layers.LSTM(4),
    "gru": lambda: layers.GRU(4),
    "no bias": lambda: layers.GRU(4, use_bias=False),
    "projected": lambda: layers.RNN(torch.ProjectedLSTMCell(5, 2)),
    "both directions": lambda: layers.Bidirectional(layers.LSTM(4)),
}


@pytest.mark.parametrize("make", RECURRENT.values(), ids=RECURRENT)
def test_recurrent_weights_survive_the_way_out_and_in(make: Any):
    first, second = built(make()), built(make())
    torch.load_state(second, torch.state_dict(first))
    x = RNG.normal(size=(2, 5, 3)).astype(np.float32)
    np.testing.assert_array_equal(first(x).numpy(), second(x).numpy())


PLAIN = {
    "Dense": (lambda: layers.Dense(4), {"weight": (4, 3), "bias": (4,)}),
    "Dense without bias": (lambda: layers.Dense(4, use_bias=False), {"weight": (4, 3)}),
    "Embedding": (lambda: layers.Embedding(9, 4), {"weight": (9, 4)}),
    "LayerNormalization": (layers.LayerNormalization, {"weight": (3,), "bias": (3,)}),
    "Conv1D": (lambda: layers.Conv1D(4, 2), {"weight": (4, 3, 2), "bias": (4,)}),
    "BatchNormalization": (
        layers.BatchNormalization,
        {"weight": (3,), "bias": (3,), "running_mean": (3,), "running_var": (3,)},
    ),
}


@pytest.mark.parametrize(("make", "shapes"), PLAIN.values(), ids=PLAIN)
def test_other_layers_have_the_shapes_of_pytorch_and_survive(make: Any, shapes: Any):
    first, second = built(make()), built(make())
    state = torch.state_dict(first)
    assert {name: tensor.shape for name, tensor in state.items()} == shapes
    torch.load_state(second, state)
    for mine, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


def stacked() -> Any:
    model = leftfold.Sequential(
        [
            leftfold.Input((None,), dtype="int32"),
            layers.Embedding(11, 6, name="words"),
            layers.Bidirectional(layers.LSTM(4, return_sequences=True), name="first"),
            layers.Bidirectional(layers.LSTM(4), name="second"),
            layers.LayerNormalization(epsilon=1e-5, name="norm"),
            layers.Dense(2, name="head"),
        ]
    )
    model.set_weights([RNG.normal(size=w.shape).astype(np.float32) for w in model.weights])
    return model


NAMES = {"embedding": "words", "encoder": ["first", "second"], "norm": "norm", "fc": "head"}


def test_layers_become_one_module_of_several_layers():
    state = torch.state_dict(stacked(), NAMES)
    assert state["encoder.weight_ih_l1_reverse"].shape == (16, 8)
    assert state["fc.weight"].shape == (2, 8)


def test_a_model_is_made_from_a_state_dict():
    model = stacked()
    made = torch.model_from_state(torch.state_dict(model, NAMES))
    ids = RNG.integers(0, 11, (3, 7))
    np.testing.assert_array_equal(model(ids).numpy(), made(ids).numpy())


@pytest.mark.parametrize("names", [NAMES, None], ids=["named", "in order"])
def test_a_state_dict_goes_into_a_model(names: Any):
    model, other = stacked(), stacked()
    state = torch.state_dict(model, NAMES if names else None)
    state["norm.weight"] = state["norm.weight"].astype(np.float64)  # another float type is cast
    torch.load_state(other, state, names)
    ids = RNG.integers(0, 11, (3, 7))
    np.testing.assert_array_equal(model(ids).numpy(), other(ids).numpy())


def test_safetensors_there_and_back(tmp_path: Path):
    model = leftfold.Sequential(
        [leftfold.Input((None, 3)), layers.GRU(4, name="zoo"), layers.Dense(2, name="all")]
    )
    torch.write_state(tmp_path / "model.safetensors", torch.state_dict(model))
    assert next(iter(torch.read_state(tmp_path / "model.safetensors"))) == "all.bias"
    made = torch.model_from_state(tmp_path / "model.safetensors")  # the order follows from sizes
    x = RNG.normal(size=(2, 5, 3)).astype(np.float32)
    np.testing.assert_array_equal(model(x).numpy(), made(x).numpy())
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_bfloat16_is_read_as_float32(tmp_path: Path):
    header = b'{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}'
    bits = np.array([0x3F80, 0xC020], "<u2").tobytes()
    path = tmp_path / "a.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bits)
    assert torch.read_state(path)["a"].tolist() == [1.0, -2.5]


def test_an_order_that_is_lost_must_be_said():
    square = np.eye(3, dtype=np.float32)
    state = {"a.weight": square, "b.weight": 2 * square}
    with pytest.raises(ValueError, match="order of the modules is lost"):
        torch.model_from_state(state, activations=[None, "relu"])
    made = torch.model_from_state(state, activations=[None, "relu"], order=["b", "a"])
    assert made.layers[0].kernel.numpy()[0, 0] == 2
    numbered = {"net.10.weight": 2 * square, "net.2.weight": square}
    made = torch.model_from_state(dict(sorted(numbered.items())), activations=[None, None])
    assert made.layers[0].kernel.numpy()[0, 0] == 1


def head(text: str) -> bytes:
    return len(text).to_bytes(8, "little") + text.encode()


HOSTILE = {
    "empty": b"",
    "a header longer than the file": (1 << 40).to_bytes(8, "little") + b"{}",
    "no JSON": head("{]"),
    "beyond the end": head('{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}') + b"1234",
    "overlapping": head(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
        '"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    )
    + b"1234",
    "a size that is not the shape's": head('{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,4]}}')
    + b"1234",
    "a negative shape": head('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}') + b"1234",
    "a huge shape": head(
        '{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}'
    ),
    "an unknown type": head('{"a":{"dtype":"X9","shape":[1],"data_offsets":[0,4]}}') + b"1234",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_unsound_safetensors_are_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "hostile.safetensors"
    path.write_bytes(content)
    with pytest.raises(SavingError, match=r"hostile\.safetensors"):
        torch.read_state(path)


def test_pytorchs_own_files_need_pytorch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "a.pt").write_bytes(b"whatever")
    real = builtins.__import__

    def without_torch(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "torch":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_torch)
    with pytest.raises(ImportError, match="install PyTorch, or save with safetensors"):
        torch.read_state(tmp_path / "a.pt")
    with pytest.raises(SavingError, match="does not exist"):
        torch.read_state(tmp_path / "b.pt")
    (tmp_path / "a.npz").write_bytes(b"")
    with pytest.raises(SavingError, match=r"ends in \.safetensors"):
        torch.read_state(tmp_path / "a.npz")


lstm = torch.state_dict(built(layers.LSTM(4)))
MISTAKES = {
    "another kind": (lambda: layers.GRU(4), lstm, "nn.LSTM expected a layer of its kind, got gru"),
    "another size": (lambda: layers.LSTM(5), lstm, r"shape \(20, 3\), got \(16, 3\)"),
    "two directions": (
        lambda: layers.Bidirectional(layers.LSTM(4)),
        lstm,
        "reads in one direction, bidirectional.* in two",
    ),
    "no place for a bias": (lambda: layers.LSTM(4, use_bias=False), lstm, "use_bias=False"),
    "reset before": (
        lambda: layers.GRU(4, reset_after=False),
        torch.state_dict(built(layers.GRU(4))),
        "make it with reset_after=True",
    ),
    "a missing tensor": (
        lambda: layers.LSTM(4),
        {name: tensor for name, tensor in lstm.items() if name != "weight_ih_l0"},
        "expected a tensor weight_ih_l0",
    ),
    "unknown tensors": (lambda: layers.LSTM(4), {"a.b": np.ones(3)}, r"no module known .* a\.b"),
}


@pytest.mark.parametrize(("make", "state", "message"), MISTAKES.values(), ids=MISTAKES)
def test_what_does_not_fit_is_named_and_changes_nothing(make: Any, state: Any, message: str):
    layer = built(make())
    before = layer.get_weights()
    with pytest.raises(ValueError, match=message):
        torch.load_state(layer, state)
    for mine, other in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.GRU(4, reset_after=False), "only a GRU with reset_after=True"),
        (lambda: layers.LSTM(4, activation="relu"), "expected activation to be tanh"),
        (lambda: layers.LSTM(4, recurrent_activation="relu"), "recurrent_activation"),
        (lambda: layers.Conv1D(2, 2, padding="causal"), "causal padding"),
    ],
)
def test_what_pytorch_cannot_say_is_refused(make: Any, message: str):
    with pytest.raises(ValueError, match=message):
        torch.state_dict(built(make()))
