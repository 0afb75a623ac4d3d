"""The beam finds the likeliest continuations."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import leftfold
from leftfold import layers, streaming


def model(activation: Any = "softmax", vocabulary: int = 4) -> Any:
    leftfold.utils.set_random_seed(5)
    made = leftfold.Sequential(
        [
            layers.Input((None,)),
            layers.Embedding(vocabulary, 6, embeddings_initializer="normal"),
            layers.LSTM(8, return_sequences=True),
            layers.GRU(8),
            layers.Dense(vocabulary, activation),
        ]
    )
    for weight in made.trainable_variables:
        weight.assign(weight.numpy() * 3)
    return made


def log_probability(made: Any, prompt: list[int], text: list[int]) -> float:
    total = 0.0
    for position, token in enumerate(text):
        read = np.array([prompt + text[:position]])
        total += float(np.log(made.predict(read, verbose=0)[0, token]))
    return total


@pytest.mark.parametrize("activation", ["softmax", None, "log_softmax"])
def test_a_beam_wide_enough_finds_the_likeliest_of_all_texts(activation: Any) -> None:
    made, prompt = model(), [1, 2]
    every = {
        text: log_probability(made, prompt, list(text))
        for text in itertools.product(range(4), repeat=3)
    }
    expected = sorted(every, key=every.__getitem__, reverse=True)
    found = streaming.beam_search(model(activation), prompt, 3, beams=64)
    assert [tuple(text) for text, _ in found] == expected
    np.testing.assert_allclose([p for _, p in found], [every[t] for t in expected], atol=1e-4)


def test_one_beam_takes_the_likeliest_token_each_time() -> None:
    made = model()
    ((text, _),) = streaming.beam_search(made, [3], 12, beams=1)
    assert text == list(streaming.generate(made, [3], 12, temperature=0))


def test_more_beams_find_a_likelier_text_here() -> None:
    made = model()
    found = [streaming.beam_search(made, [0], 8, beams=n)[0][1] for n in (1, 64)]
    assert found[1] > found[0]


def test_a_steppers_own_sessions_are_left_alone() -> None:
    stepper = streaming.compile(model())
    stepper.step(2)
    before = stepper.get_state()
    streaming.beam_search(stepper, [1], 4, beams=3)
    assert stepper.sessions == [0]
    for name, value in stepper.get_state().items():
        np.testing.assert_array_equal(value, before[name])


def test_impossible_tokens_are_not_kept() -> None:
    made = model(None)
    bias = made.layers[-1].bias
    bias.assign(np.array([-np.inf, 0, -np.inf, -np.inf]))
    assert streaming.beam_search(made, [1], 2, beams=3)[0][0] == [1, 1]
    assert len(streaming.beam_search(made, [1], 2, beams=3)) == 1


def test_mistakes_are_named() -> None:
    with pytest.raises(ValueError, match="expected beams to be a positive integer, got 0"):
        streaming.beam_search(model(), [1], 2, beams=0)
    with pytest.raises(ValueError, match="expected prompt"):
        streaming.beam_search(model(), [], 2)
    with pytest.raises(ValueError, match="expected length"):
        streaming.beam_search(model(), [1], -2)
    broken = model(None)
    broken.layers[-1].bias.assign(np.full(4, np.nan))
    with pytest.raises(ValueError, match="no numbers"):
        streaming.beam_search(broken, [1], 2)


def test_sessions_are_copied() -> None:
    stepper = streaming.compile(model())
    first, second = stepper.add(2).tolist()
    stepper.step([1, 2], [first, second])
    stepper.copy([first, second], [second, first])
    swapped = stepper.step([3, 3], [first, second])
    other = streaming.compile(model())
    straight = other.add(2)
    other.step([2, 1], straight)
    np.testing.assert_array_equal(swapped, other.step([3, 3], straight))
    with pytest.raises(ValueError, match="as many sources as targets"):
        stepper.copy([first], [first, second])
    with pytest.raises(ValueError, match="no session"):
        stepper.copy([first], [99])
