"""From word vectors to an `Embedding` layer for the numbers of a tokenizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold.layers import Embedding
from leftfold.vectors.coverage import Coverage

if TYPE_CHECKING:
    from leftfold.vectors.container import WordVectors

UNKNOWN = ("zeros", "mean", "random")
_SHOWN_MISSING = 8


def to_embedding(
    vectors: WordVectors,
    tokenizer: Any,
    trainable: bool = False,
    unknown: str = "zeros",
    mask_zero: bool = True,
    seed: int = 0,
) -> Embedding:
    """An `Embedding` whose rows are the vectors of a tokenizer's words; see `WordVectors`."""
    if unknown not in UNKNOWN:
        raise ValueError(f"unknown expected one of {', '.join(UNKNOWN)}, got {unknown!r}.")
    index, size = word_index(tokenizer)
    counts: Mapping[str, int] = getattr(tokenizer, "word_counts", None) or {}
    table = np.zeros((size, vectors.dimensions), np.float32)
    filled = np.zeros(size, bool)
    missing = []
    for word, number in index.items():
        row = vectors.row(word)
        if row is None:
            missing.append(word)
        else:
            table[number], filled[number] = vectors.matrix[row], True
    empty = np.flatnonzero(~filled)[1:] if mask_zero else np.flatnonzero(~filled)
    if filled.any() and unknown == "mean":
        table[empty] = table[filled].mean(0)
    elif filled.any() and unknown == "random":
        deviation = float(table[filled].std())
        table[empty] = np.random.default_rng(seed).normal(
            0, deviation, (len(empty), table.shape[1])
        )
    layer = Embedding(size, vectors.dimensions, mask_zero=mask_zero, trainable=trainable)
    layer.build()
    layer.set_weights([table])
    running = sum(counts.get(word, 1) for word in index)
    lost = sum(counts.get(word, 1) for word in missing)
    layer.coverage = Coverage(
        len(index),
        len(index) - len(missing),
        1 - lost / max(1, running),
        tuple(missing[:_SHOWN_MISSING]),
    )
    return layer


def word_index(tokenizer: Any) -> tuple[dict[str, int], int]:
    """The number of each word, and how many numbers there are.

    Args:
        tokenizer: a `Tokenizer`; a `TextVectorization` or `StringLookup`; numbers by word; or
            words in the order of their numbers, from 0.

    Raises:
        ValueError: for anything else, or one that knows no words yet.
    """
    if hasattr(tokenizer, "word_index"):
        limit = tokenizer.num_words or len(tokenizer.word_index) + 1
        oov = getattr(tokenizer, "oov_token", None)
        found = {w: n for w, n in tokenizer.word_index.items() if n < limit and w != oov}
        size = min(limit, len(tokenizer.word_index) + 1)
    elif hasattr(tokenizer, "get_vocabulary"):
        words = tokenizer.get_vocabulary()
        found = {word: n for n, word in enumerate(words) if word not in ("", "[UNK]")}
        size = len(words)
    elif isinstance(tokenizer, Mapping):
        found = dict(tokenizer)
        size = max(found.values(), default=0) + 1
    elif isinstance(tokenizer, Sequence) and not isinstance(tokenizer, str):
        found = {word: n for n, word in enumerate(tokenizer) if word}
        size = len(tokenizer)
    else:
        raise ValueError(
            f"tokenizer expected a Tokenizer, a TextVectorization, numbers by word or a list of "
            f"words, got {tokenizer!r:.60}."
        )
    if not found:
        raise ValueError("tokenizer knows no words yet: fit it on texts first.")
    return found, size
