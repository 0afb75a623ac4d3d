"""Generated tokens follow the model's probabilities and the settings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import leftfold
from leftfold import layers, streaming
from leftfold.streaming.sampling import Sampler


def model(activation: Any = "softmax", vocabulary: int = 12) -> Any:
    leftfold.utils.set_random_seed(3)
    made = leftfold.Sequential(
        [
            layers.Input((None,)),
            layers.Embedding(vocabulary, 8),
            layers.LSTM(16, return_sequences=True),
            layers.GRU(16),
            layers.Dense(vocabulary, activation),
        ]
    )
    made.layers[-1].kernel.assign(made.layers[-1].kernel.numpy() * 8)
    return made


def test_the_likeliest_tokens_are_those_of_predict_in_a_loop(build: str) -> None:
    made, tokens = model(), [3, 1, 4]
    generated = list(streaming.generate(made, tokens, 20, temperature=0))
    for _ in range(20):
        tokens.append(int(made.predict(np.array([tokens]), verbose=0)[0].argmax()))
    assert generated == tokens[3:]


def test_logits_and_probabilities_give_the_same_tokens() -> None:
    settings: dict[str, Any] = {"temperature": 0.7, "top_k": 9, "seed": 5}
    texts = [
        list(streaming.generate(model(activation), [1, 2], 300, **settings))
        for activation in ("softmax", None, "log_softmax")
    ]
    assert texts[0] == texts[1] == texts[2]
    assert len(set(texts[0])) > 3


def test_a_seed_fixes_the_tokens_and_none_does_not() -> None:
    def text(seed: int | None) -> list[int]:
        return list(streaming.generate(model_once, [1], 40, seed=seed))

    model_once = model()
    assert text(1) == text(1) != text(2)
    assert text(None) != text(None)
    leftfold.utils.set_random_seed(9)
    first = text(None)
    leftfold.utils.set_random_seed(9)
    assert text(None) == first


def test_a_batch_gives_each_prompt_what_it_gives_alone() -> None:
    made, prompts = model(), [[1, 2, 3, 4], [5], [6, 7]]
    together = np.array(list(streaming.generate_batch(made, prompts, 15, temperature=0)))
    for column, prompt in enumerate(prompts):
        alone = list(streaming.generate(made, prompt, 15, temperature=0))
        assert together[:, column].tolist() == alone


def test_a_steppers_own_sessions_are_left_alone() -> None:
    stepper = streaming.compile(model())
    stepper.step(4)
    before = stepper.get_state()
    tokens = streaming.generate(stepper, [1], 100)
    next(tokens)
    next(tokens)
    assert len(stepper.sessions) == 2
    tokens.close()  # type: ignore[attr-defined]
    assert stepper.sessions == [0]
    list(streaming.generate_batch(stepper, [[1], [2]], 3))
    assert stepper.sessions == [0]
    for name, value in stepper.get_state().items():
        np.testing.assert_array_equal(value, before[name])


def shares(sampler: Sampler, scores: Any) -> list[float]:
    """How often each token comes, over evenly spread random numbers."""
    draws = (np.arange(4000) + 0.5) / 4000
    tokens = [sampler.choose(np.array(scores, np.float32), draw) for draw in draws]
    return (np.bincount(tokens, minlength=len(scores)) / 4000).tolist()


def test_tokens_come_as_often_as_their_probability_says() -> None:
    p = [0.1, 0.4, 0.2, 0.3]
    logits = np.log(p) + 50
    assert shares(Sampler(4, False, 1.0, None, None), p) == pytest.approx(p, abs=1e-3)
    assert shares(Sampler(4, True, 1.0, None, None), logits) == pytest.approx(p, abs=1e-3)
    squared = np.square(p) / np.square(p).sum()
    assert shares(Sampler(4, False, 0.5, None, None), p) == pytest.approx(squared, abs=1e-3)
    assert shares(Sampler(4, True, 0.5, None, None), logits) == pytest.approx(squared, abs=1e-3)


def test_top_k_and_top_p_leave_the_likeliest() -> None:
    p = [0.1, 0.4, 0.2, 0.3]
    of_two = [0, 0.4 / 0.7, 0, 0.3 / 0.7]
    assert shares(Sampler(4, False, 1.0, 2, None), p) == pytest.approx(of_two, abs=1e-3)
    assert shares(Sampler(4, False, 1.0, None, 0.6), p) == pytest.approx(of_two, abs=1e-3)
    assert shares(Sampler(4, False, 1.0, 3, 0.6), p) == pytest.approx(of_two, abs=1e-3)
    assert shares(Sampler(4, False, 1.0, None, 0.01), p) == [0, 1, 0, 0]
    assert shares(Sampler(4, False, 1.0, 1, None), p) == [0, 1, 0, 0]
    assert shares(Sampler(4, False, 1.0, 4, 1.0), p) == pytest.approx(p, abs=1e-3)


@pytest.mark.parametrize("logits", [True, False])
@pytest.mark.parametrize("temperature", [0.0, 0.6, 1.0, 1.7])
@pytest.mark.parametrize("top_k", [None, 1, 7])
@pytest.mark.parametrize("top_p", [None, 0.05, 0.8])
@pytest.mark.parametrize("size", [33, 64, 300])
def test_rows_are_chosen_for_as_one_by_one(
    logits: bool, temperature: float, top_k: int | None, top_p: float | None, size: int
) -> None:
    random = np.random.default_rng(4)
    scores = random.normal(0, 3, (200, size)).astype(np.float32)
    scores[:40, 5:] = scores[:40, 5:6]  # many alike
    if not logits:
        scores = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
        scores[::3, 11:] = 0
    draws = random.random(200)
    draws[:2] = 0, np.nextafter(1, 0)
    sampler = Sampler(size, logits, temperature, top_k, top_p)
    one_by_one = [sampler.choose(row, draw) for row, draw in zip(scores, draws, strict=True)]
    assert sampler.choose_rows(scores, draws).tolist() == one_by_one


def test_a_probability_of_zero_is_never_chosen() -> None:
    for temperature in (1.0, 0.3):
        found = shares(Sampler(3, False, temperature, None, None), [0.0, 1.0, 0.0])
        assert found == [0, 1, 0]


def test_scores_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="no numbers"):
        Sampler(2, True, 1.0, None, None).choose(np.array([np.nan, 1.0]), 0.5)
    with pytest.raises(ValueError, match="no numbers"):
        Sampler(2, True, 1.0, None, None).choose_rows(
            np.array([[0.0, 1.0], [np.nan, 1.0]]), np.array([0.5, 0.5])
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prompt": []}, "expected prompt to be token ids, at least one"),
        ({"prompt": [1.5]}, "expected prompt"),
        ({"length": -1}, "expected length"),
        ({"length": 1.5}, "expected length"),
        ({"temperature": -1}, "temperature expected a number of at least 0"),
        ({"temperature": float("nan")}, "temperature expected a number of at least 0"),
        ({"top_k": 0}, "top_k expected a whole number from 1 to 12"),
        ({"top_k": 13}, "top_k expected a whole number from 1 to 12"),
        ({"top_k": 2.5}, "top_k expected a whole number from 1 to 12, got 2.5"),
        ({"top_p": 0}, "top_p expected a number above 0"),
        ({"top_p": 1.1}, "top_p expected a number above 0"),
        ({"model": model("tanh")}, "ends with softmax or without an activation, got tanh"),
    ],
)
def test_mistakes_are_named_before_the_first_token(arguments: dict[str, Any], message: str) -> None:
    given = {"model": model(), "prompt": [1], "length": 2, **arguments}
    with pytest.raises(ValueError, match=message):
        streaming.generate(**given)


def test_a_model_of_vectors_is_refused() -> None:
    made = leftfold.Sequential([layers.Input((None, 3)), layers.LSTM(4), layers.Dense(3)])
    with pytest.raises(ValueError, match="reads token ids, got one that reads vectors of 3"):
        streaming.generate(made, [1], 1)


def test_no_tokens_are_none() -> None:
    assert list(streaming.generate(model(), [1], 0)) == []
