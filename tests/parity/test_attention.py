"""Attention: outputs, scores, training and files beside Keras's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.parity import attention_programs as programs
from tests.parity.conftest import compare
from tools.peers import Worker


@pytest.fixture
def keras(request: pytest.FixtureRequest, peer: Callable[[str, str], Worker]) -> Worker:
    return peer(request.config.getoption("--keras"), "attention_programs.py")


def agree(keras: Worker, function: str, *args: Any, rtol: float = 1e-5, **kwargs: Any) -> None:
    ours = getattr(programs, function)("leftfold", *args, **kwargs)
    compare(ours, keras.call(function, "keras", *args, **kwargs), rtol, 3e-6, function)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [(), ("value",), ("query", "value"), ("query",)], ids=str)
@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("Attention", {}),
        ("Attention", {"use_scale": True}),
        ("Attention", {"score_mode": "concat"}),
        ("Attention", {"score_mode": "concat", "use_scale": True}),
        ("AdditiveAttention", {}),
        ("AdditiveAttention", {"use_scale": False}),
    ],
    ids=str,
)
def test_scores_and_outputs(
    keras: Worker, kind: str, config: dict[str, Any], masked: tuple[str, ...], causal: bool
) -> None:
    for three in (False, True):
        agree(keras, "attend", kind, config, masked, three, use_causal_mask=causal)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    "given", [(), ("query", "value"), ("attention",), ("key", "value", "attention")], ids=str
)
@pytest.mark.parametrize(
    "config",
    [
        {},
        {"value_dim": 5, "use_gate": True},
        {"use_bias": False, "output_shape": 9},
        {"sliding_window": 3},
    ],
    ids=str,
)
def test_heads(keras: Worker, config: dict[str, Any], given: tuple[str, ...], causal: bool) -> None:
    config = {"num_heads": 2, "key_dim": 3, **config}
    agree(keras, "attend_with_heads", config, 3, given, use_causal_mask=causal)
    # Without scores Keras takes another way, on which JAX wants equal sizes of keys and values,
    # and a query that sees nothing gets the mean of everything.
    if "value_dim" not in config and not ("sliding_window" in config and len(given) > 2):
        agree(keras, "attend_with_heads", config, 3, given, False, use_causal_mask=causal)


@pytest.mark.parametrize("axes", [None, 1, (1,), (-3,), (1, 2), (2, 1)], ids=str)
def test_heads_over_several_axes(keras: Worker, axes: Any) -> None:
    config = {"num_heads": 2, "key_dim": 3, "attention_axes": axes, "output_shape": (2, 3)}
    agree(keras, "attend_with_heads", config, 4)


def test_heads_with_a_key_of_its_own(keras: Worker) -> None:
    agree(keras, "attend_with_heads", {"num_heads": 3, "key_dim": 2}, three=True)


@pytest.mark.parametrize("name", programs.MODELS)
def test_training(keras: Worker, name: str) -> None:
    agree(keras, "train", name, rtol=1e-4)


@pytest.mark.parametrize("name", programs.MODELS)
def test_files_both_ways(keras: Worker, name: str, tmp_path: Path) -> None:
    path = str(tmp_path / "model.keras")
    theirs = keras.call("write", "keras", name, path)
    compare(programs.read("leftfold", path), theirs, 1e-4, 1e-5, name)
    ours = programs.write("leftfold", name, path)
    compare(ours, keras.call("read", "keras", path), 1e-4, 1e-5, name)
