"""`generate`: tokens one after the other, each read only once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from leftfold.engine.random import as_generator
from leftfold.streaming.sampling import Sampler
from leftfold.streaming.stepper import Stepper, compile

_DRAWS = 256
"""Random numbers drawn at a time."""


def generate(
    model: Any,
    prompt: Iterable[int],
    length: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
) -> Iterator[int]:
    """Continue a prompt, token by token.

    The model reads every token once and keeps its states, where `predict` in a loop would read
    the whole window again for each token.

    Args:
        model: a model from token ids to probabilities (softmax) or logits (no activation) over
            the vocabulary, or the `Stepper` of one. A stepper's other sessions are left alone.
        prompt: token ids, at least one.
        length: how many tokens to make.
        temperature: below 1 the likely tokens become likelier; 0 always takes the likeliest.
        top_k: choose among so many of the likeliest tokens.
        top_p: choose among the likeliest tokens that together have this probability.
        seed: fixes the choices.

    Returns:
        An iterator over the new tokens, each made when it is asked for.

    Raises:
        ValueError: for arguments that make no sense, at once and not at the first token.

    Example:
        >>> import leftfold
        >>> from leftfold import layers, streaming
        >>> model = leftfold.Sequential([
        ...     layers.Input((None,)), layers.Embedding(20, 8), layers.GRU(16),
        ...     layers.Dense(20, activation="softmax"),
        ... ])
        >>> tokens = list(streaming.generate(model, [1, 2, 3], 5, seed=7))
        >>> len(tokens), all(0 <= token < 20 for token in tokens)
        (5, True)
    """
    stepper, sampler = _prepare(model, length, temperature, top_k, top_p)
    tokens = as_prompt(prompt, "prompt")

    def run() -> Iterator[int]:
        random = as_generator(seed)
        session = stepper.add()
        scores = np.empty(stepper.output_size, stepper.dtype)
        try:
            for token in tokens:
                stepper.step(token, session, scores)
            for made in range(length):
                if made % _DRAWS == 0:
                    draws = random.random(min(_DRAWS, length - made)).tolist()
                token = sampler.choose(scores, draws[made % _DRAWS])
                yield token
                if made + 1 < length:
                    stepper.step(token, session, scores)
        finally:
            stepper.drop(session)

    return run()


def generate_batch(
    model: Any,
    prompts: Sequence[Iterable[int]],
    length: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
) -> Iterator[np.ndarray]:
    """Continue several prompts at the same time.

    Args:
        model: as for `generate`.
        prompts: token ids of each, of any length from one.
        length: how many tokens to make for each.
        temperature: as for `generate`.
        top_k: as for `generate`.
        top_p: as for `generate`.
        seed: fixes the choices.

    Returns:
        An iterator over arrays of new tokens, one for each prompt.

    Example:
        >>> import leftfold
        >>> from leftfold import layers, streaming
        >>> model = leftfold.Sequential(
        ...     [layers.Input((None,)), layers.Embedding(9, 4), layers.LSTM(8), layers.Dense(9)]
        ... )
        >>> steps = list(streaming.generate_batch(model, [[1], [2, 3]], 4, seed=7))
        >>> len(steps), steps[0].shape
        (4, (2,))
    """
    stepper, sampler = _prepare(model, length, temperature, top_k, top_p)
    checked = [as_prompt(prompt, "each prompt") for prompt in prompts]

    def run() -> Iterator[np.ndarray]:
        random = as_generator(seed)
        sessions = stepper.add(len(checked))
        scores = np.zeros((len(checked), stepper.output_size), stepper.dtype)
        try:
            for position in range(max(map(len, checked), default=0)):
                rows = [row for row, tokens in enumerate(checked) if position < len(tokens)]
                ids = [checked[row][position] for row in rows]
                scores[rows] = stepper.step(ids, sessions[rows])
            for made in range(length):
                tokens = sampler.choose_rows(scores, random.random(len(checked)))
                yield tokens.copy()
                if made + 1 < length:
                    stepper.step(tokens, sessions, scores)
        finally:
            for session in sessions.tolist():
                stepper.drop(session)

    return run()


def _prepare(
    model: Any, length: int, temperature: float, top_k: int | None, top_p: float | None
) -> tuple[Stepper, Sampler]:
    stepper = as_writer(model)
    check_length(length)
    logits = stepper.output_activation != "softmax"
    return stepper, Sampler(stepper.output_size, logits, temperature, top_k, top_p)


def as_writer(model: Any) -> Stepper:
    """The stepper of a model that reads token ids and scores the next.

    Raises:
        ValueError: for another model.
    """
    stepper = model if isinstance(model, Stepper) else compile(model)
    if stepper.input_size:
        raise ValueError(
            f"generate expected a model that reads token ids, got one that reads vectors of "
            f"{stepper.input_size}."
        )
    if stepper.output_activation not in ("softmax", "log_softmax", "linear"):
        raise ValueError(
            "generate expected a model that ends with softmax or without an activation, got "
            f"{stepper.output_activation or 'another end'}."
        )
    return stepper


def check_length(length: int) -> None:
    """Refuse a length that is none.

    Raises:
        ValueError: for anything but an integer of at least 0.
    """
    if isinstance(length, bool) or not isinstance(length, int | np.integer) or length < 0:
        raise ValueError(f"generate expected length to be an integer of at least 0, got {length}.")


def as_prompt(prompt: Iterable[int], what: str) -> list[int]:
    """A prompt's token ids.

    Raises:
        ValueError: for none, or for anything else.
    """
    tokens = list(prompt)
    if not tokens or not all(isinstance(token, int | np.integer) for token in tokens):
        raise ValueError(f"generate expected {what} to be token ids, at least one, got {prompt!r}.")
    return [int(token) for token in tokens]
