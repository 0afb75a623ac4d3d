"""GloVe: vectors of words whose products are the logarithms of how often words meet.

Pennington, Socher and Manning, "GloVe: Global Vectors for Word Representation", EMNLP 2014.
"""

from __future__ import annotations

import numpy as np


def glove_objective(
    word: np.ndarray, context: np.ndarray, log_count: float, log_x_max: float, alpha: float
) -> tuple[float, np.ndarray, np.ndarray]:
    """One term of the objective and half its slopes.

    `J = f(x) (w . c + b + d - log x)^2` with `f(x) = min(1, (x / x_max)^alpha)`. The biases `b`
    and `d` are the last places but one of their rows: `word` ends in `(b, 1)`, `context` in
    `(1, d)`, so that the product of the rows is `w . c + b + d`.

    Args:
        word: (dimensions + 2,), `w`, `b` and a one.
        context: (dimensions + 2,), `c`, a one and `d`.
        log_count: the logarithm of `x`.
        log_x_max: the logarithm of `x_max`.
        alpha: the exponent of `f`.

    Returns:
        `J`, `dJ/d(word) / 2` and `dJ/d(context) / 2`, the constant ones among them as if they
        could move.
    """
    weight = min(1.0, np.exp((log_count - log_x_max) * alpha))
    error = word @ context - log_count
    slope = weight * error
    return float(slope * error), slope * context, slope * word


def glove_update(
    words: np.ndarray,
    word_squares: np.ndarray,
    contexts: np.ndarray,
    context_squares: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    log_counts: np.ndarray,
    starts: np.ndarray,
    stops: np.ndarray,
    dimensions: int,
    log_x_max: float,
    alpha: float,
    learning_rate: float,
) -> float:
    """Go through counts once, with a step of AdaGrad for each, in place.

    Every parameter moves by its slope over the root of the sum of the squares of its slopes
    before. Counts come in blocks `[starts[b], stops[b])` that share neither rows nor columns with
    each other, so that several threads may take one each and the result is the same.

    Args:
        words: (vocabulary, width), rows as in `glove_objective`, zeros behind.
        word_squares: (vocabulary, width), sums of squared slopes, 1 at first.
        contexts: (vocabulary, width).
        context_squares: (vocabulary, width).
        rows: (counts,) int32, the word of each count.
        columns: (counts,) int32, its context.
        log_counts: (counts,), its logarithm.
        starts: (blocks,) int64.
        stops: (blocks,) int64.
        dimensions: of the vectors, at most `width - 2`.
        log_x_max: the logarithm of the count from which on all weigh the same.
        alpha: how fast smaller counts weigh less.
        learning_rate: the first step of a parameter whose slope is 1.

    Returns:
        The sum of the terms of the objective, each before its step.
    """
    used = dimensions + 2
    moves_of_word = np.ones(used, words.dtype)
    moves_of_word[dimensions + 1] = 0
    moves_of_context = np.ones(used, words.dtype)
    moves_of_context[dimensions] = 0
    loss = 0.0
    for start, stop in zip(starts, stops, strict=True):
        for row, column, log_count in zip(
            rows[start:stop], columns[start:stop], log_counts[start:stop], strict=True
        ):
            word, context = words[row, :used], contexts[column, :used]
            term, of_word, of_context = glove_objective(word, context, log_count, log_x_max, alpha)
            loss += term
            squares = word_squares[row, :used], context_squares[column, :used]
            word -= learning_rate * moves_of_word * of_word / np.sqrt(squares[0])
            context -= learning_rate * moves_of_context * of_context / np.sqrt(squares[1])
            squares[0][:] += of_word**2
            squares[1][:] += of_context**2
    return loss
