"""Tokenizer, padding, windows and skip-grams beside Keras's, on random input."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.parity import preprocessing_programs as programs
from tests.parity.conftest import compare
from tools.peers import Worker


@pytest.fixture
def keras(peer: Callable[[str, str], Worker]) -> Worker:
    return peer("keras-jax", "preprocessing_programs.py")


@pytest.mark.parametrize("seed", range(150))
def test_tokenizers_learn_and_say_the_same(keras: Worker, seed: int) -> None:
    *ours, our_json = programs.tokenizer("leftfold", seed)
    *theirs, their_json = keras.call("tokenizer", "keras", seed)
    assert json.loads(ours[0]) == json.loads(theirs[0])
    assert ours[1] == theirs[1]
    texts = ["a b é", "B,a ab"]
    for written in (our_json, their_json):
        assert programs.reread("leftfold", written, texts) == keras.call(
            "reread", "keras", written, texts
        )


@pytest.mark.parametrize("function", ["padding", "windows", "pairs"])
def test_arrays_are_the_same(keras: Worker, function: str) -> None:
    for seed in range(150):
        ours = getattr(programs, function)("leftfold", seed)
        compare(ours, keras.call(function, "keras", seed), 0, 1e-12, f"{function} {seed}")
