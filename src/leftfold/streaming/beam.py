"""`beam_search`: the likeliest continuations as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from leftfold.streaming.generation import as_prompt, as_writer, check_length
from leftfold.streaming.stepper import Stepper


def beam_search(
    model: Any, prompt: Iterable[int], length: int, beams: int = 4
) -> list[tuple[list[int], float]]:
    """Search for the likeliest continuations of a prompt.

    Token by token, the `beams` likeliest texts so far are kept, and each is continued in every
    way. Where choosing the likeliest token again and again (`temperature=0`) can walk into a dead
    end, a beam has other ways left. It finds likely texts, not lively ones: long continuations
    tend to repeat themselves, for which sampling is better (Holtzman et al., 2020).

    Args:
        model: as for `generate`.
        prompt: token ids, at least one.
        length: how many tokens to add.
        beams: how many texts are kept at each step.

    Returns:
        The texts that are left, the likeliest first: the new tokens of each, and the natural
        logarithm of their probability.

    Raises:
        ValueError: for arguments that make no sense, or a model whose outputs are no numbers.

    Example:
        >>> import leftfold
        >>> from leftfold import layers, streaming
        >>> model = leftfold.Sequential(
        ...     [layers.Input((None,)), layers.Embedding(9, 4), layers.GRU(8), layers.Dense(9)]
        ... )
        >>> best, *others = streaming.beam_search(model, [1, 2], 3, beams=2)
        >>> len(best[0]), len(others), best[1] >= others[0][1]
        (3, 1, True)
    """
    stepper = as_writer(model)
    check_length(length)
    tokens = as_prompt(prompt, "prompt")
    if isinstance(beams, bool) or not isinstance(beams, int | np.integer) or beams < 1:
        raise ValueError(f"beam_search expected beams to be a positive integer, got {beams!r}.")
    sessions = stepper.add(int(beams))
    try:
        return _search(stepper, sessions, tokens, length)
    finally:
        for session in sessions.tolist():
            stepper.drop(session)


def _search(
    stepper: Stepper, sessions: np.ndarray, prompt: list[int], length: int
) -> list[tuple[list[int], float]]:
    for token in prompt:
        scores = stepper.step(token, int(sessions[0]))[None]
    texts = np.zeros((1, 0), np.int64)
    so_far = np.zeros(1)
    for made in range(length):
        totals = so_far[:, None] + _log_probabilities(scores, stepper.output_activation)
        flat = totals.ravel()
        count = min(len(sessions), int(np.isfinite(flat).sum()))
        likeliest = np.argsort(-flat, kind="stable")[:count]
        parents, tokens = np.divmod(likeliest, totals.shape[1])
        so_far = flat[likeliest]
        texts = np.concatenate([texts[parents], tokens[:, None]], axis=1)
        stepper.copy(sessions[parents], sessions[:count])
        if made + 1 < length:
            scores = stepper.step(tokens, sessions[:count])
    return [(text.tolist(), float(p)) for text, p in zip(texts, so_far, strict=True)]


def _log_probabilities(scores: np.ndarray, activation: str) -> np.ndarray:
    scores = scores.astype(np.float64)
    if np.isnan(scores).any():
        raise ValueError("beam_search got scores that are no numbers: the model's output is NaN.")
    if activation == "softmax":
        with np.errstate(divide="ignore"):
            return np.log(scores)
    shifted = scores - scores.max(1, keepdims=True)
    logarithms: np.ndarray = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return logarithms
