"""Weights that go to PyTorch and come from it compute the same on both sides."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import leftfold
from leftfold.interop import torch
from tests.parity.programs import numbers
from tools.peers import Worker

MODULES = {
    "rnn": ("RNN", {"hidden_size": 4}),
    "rnn, relu": ("RNN", {"hidden_size": 4, "nonlinearity": "relu"}),
    "lstm": ("LSTM", {"hidden_size": 4}),
    "lstm, deep": ("LSTM", {"hidden_size": 4, "num_layers": 3}),
    "lstm, both": ("LSTM", {"hidden_size": 4, "num_layers": 2, "bidirectional": True}),
    "lstm, no bias": ("LSTM", {"hidden_size": 4, "bias": False}),
    "lstm, projected": ("LSTM", {"hidden_size": 6, "proj_size": 3, "num_layers": 2}),
    "lstm, projected, both": ("LSTM", {"hidden_size": 6, "proj_size": 3, "bidirectional": True}),
    "gru": ("GRU", {"hidden_size": 4}),
    "gru, deep, both": ("GRU", {"hidden_size": 4, "num_layers": 2, "bidirectional": True}),
    "gru, no bias": ("GRU", {"hidden_size": 4, "bias": False}),
}


@pytest.fixture
def side(peer: Callable[[str, str], Worker]) -> Worker:
    return peer("torch", "torch_modules_side.py")


@pytest.mark.parametrize(("kind", "settings"), MODULES.values(), ids=MODULES)
def test_recurrent_modules_go_both_ways(side: Worker, kind: str, settings: Any) -> None:
    x = numbers(1, 3, 7, 5)
    theirs, state = side.call("recurrent", kind, settings, x)
    nonlinearity = settings.get("nonlinearity", "tanh")
    model = torch.model_from_state(state, return_sequences=True, nonlinearity=nonlinearity)
    np.testing.assert_allclose(model(x).numpy(), theirs, rtol=1e-5, atol=1e-6)

    model.set_weights([0.5 * numbers(i, *w.shape) for i, w in enumerate(model.weights)])
    back = torch.state_dict(model, {"": [layer.name for layer in model.layers]})
    assert {name: a.shape for name, a in back.items()} == {n: a.shape for n, a in state.items()}
    theirs = side.call("with_state", kind, settings, x, back)
    np.testing.assert_allclose(model(x).numpy(), theirs, rtol=1e-5, atol=1e-6)


def test_a_whole_model_goes_both_ways(side: Worker, tmp_path: Path) -> None:
    ids = np.random.default_rng(0).integers(0, 20, (3, 7))
    theirs, state = side.call("tagger", ids, str(tmp_path / "tagger.pt"))
    model = torch.model_from_state(state, return_sequences=True)
    np.testing.assert_allclose(model(ids).numpy(), theirs, rtol=1e-5, atol=1e-6)

    model.set_weights([0.5 * numbers(i, *w.shape) for i, w in enumerate(model.weights)])
    names = [layer.name for layer in model.layers]
    modules = {"embedding": names[0], "encoder": names[1:3], "norm": names[3], "head": names[4]}
    theirs = side.call("loaded_tagger", ids, torch.state_dict(model, modules))
    np.testing.assert_allclose(model(ids).numpy(), theirs, rtol=1e-5, atol=1e-6)


@pytest.fixture
def packages(side: Worker, tmp_path: Path) -> str:
    """A folder from which PyTorch's Python can import Leftfold's Python files and NumPy alone."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "leftfold").symlink_to(Path(leftfold.__file__).parent)
    return str(tmp_path / "source")


def test_pytorchs_files_are_read_and_written_by_its_weights_only_loader(
    side: Worker, packages: str, tmp_path: Path
) -> None:
    path = str(tmp_path / "tagger.pt")
    _, state = side.call("tagger", np.zeros((1, 2), np.int64), path)
    for found in side.call("read_by_leftfold", packages, path):
        assert list(found) == list(state)
        for name, array in state.items():
            np.testing.assert_array_equal(found[name], array)


def test_code_in_pytorchs_files_does_not_run(side: Worker, packages: str, tmp_path: Path) -> None:
    message, ran = side.call("refused_by_leftfold", packages, str(tmp_path / "evil.pt"))
    assert "refused by PyTorch's weights-only loader" in message
    assert not ran
