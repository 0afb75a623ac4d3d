"""`decode`: what an `EncoderDecoder` writes for sources, by search or by chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold.engine.random import as_generator
from leftfold.models.seq2seq.encoder_decoder import EncoderDecoder
from leftfold.models.seq2seq.pairs import Sentences
from leftfold.models.seq2seq.stepping import Decoding
from leftfold.streaming.beams import BeamSearch
from leftfold.streaming.hypotheses import Decoded, Journal, forbid, log_totals
from leftfold.streaming.sampling import Sampler

BATCH = 128
"""Sentences that are decoded at the same time."""


def decode(
    model: EncoderDecoder,
    source: Any,
    *,
    beams: int = 1,
    max_length: int | Sequence[int] | None = None,
    length_penalty: float = 1.0,
    early_stop: bool = True,
    temperature: float = 0.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
    batch_size: int = BATCH,
) -> list[Decoded]:
    """Write a target for each source.

    Each source is read once and each written word once: the states of all hypotheses of all
    sentences wait in arrays for the next word. A hypothesis leaves when it has come to its end.

    With one beam and no temperature the likeliest word is written at each step. With more beams so
    many hypotheses are kept for each sentence, and the best is the one with the highest
    `log_probability / words ** length_penalty`, the end counted as a word; a hypothesis that ends
    makes room for none, so that fewer and fewer go on. With a temperature words are drawn.

    Args:
        model: an `EncoderDecoder`.
        source: lists of ids of any lengths, or an array with 0 behind shorter rows.
        beams: how many hypotheses to follow.
        max_length: the most words to write, the end among them; for all sentences or for each.
            By default twice the length of the source, and ten.
        length_penalty: 0 compares probabilities, which favours short targets; 1 probabilities per
            word.
        early_stop: whether a sentence is done as soon as no hypothesis that goes on can become
            better than the best that ended.
        temperature: draw words, the likely ones more surely the lower it is; 0 takes the likeliest.
        top_k: draw among so many of the likeliest.
        top_p: draw among the likeliest that together have this probability.
        seed: fixes what is drawn.
        batch_size: sentences that are decoded at the same time.

    Returns:
        For each source what was written.

    Raises:
        ValueError: for ids or arguments that make no sense.

    Example:
        >>> from leftfold import models, streaming
        >>> model = models.EncoderDecoder(20, 20, embedding_size=8, units=8, seed=1)
        >>> first, second = streaming.decode(model, [[4, 5, 6], [7]], max_length=3)
        >>> first.attention.shape[1], second.attention.shape[1]
        (3, 1)
    """
    sentences = Sentences(source, model.source_size, "source")
    if not sentences.lengths.all():
        raise ValueError(
            f"source expected at least one id in each row, got none in row "
            f"{int(np.argmin(sentences.lengths))}."
        )
    _check_positive("beams", beams)
    _check_positive("batch_size", batch_size)
    if not 0 <= length_penalty < np.inf:
        raise ValueError(f"decode expected length_penalty of at least 0, got {length_penalty}.")
    sampler = Sampler(model.target_size, True, temperature, top_k, top_p)
    if temperature == 0 and (top_k is not None or top_p is not None):
        raise ValueError(
            "decode expected a temperature above 0 where top_k or top_p limit what is drawn, got 0."
        )
    if temperature > 0 and beams > 1:
        raise ValueError(f"decode expected one beam where words are drawn, got beams={beams}.")
    limits = _limits(max_length, sentences.lengths)
    random = as_generator(seed)
    found: list[Any] = [None] * len(sentences)
    order = np.argsort(sentences.lengths, kind="stable")
    for at in range(0, len(order), batch_size):
        rows = order[at : at + batch_size]
        decoding = Decoding(model, sentences.padded(rows))
        if beams > 1:
            search = BeamSearch(decoding, beams, limits[rows], length_penalty, early_stop)
            results = search.run()
        else:
            results = _one_each(decoding, limits[rows], sampler, random, length_penalty)
        for row, result in zip(rows.tolist(), results, strict=True):
            found[row] = result.cut(int(sentences.lengths[row]))
    return found


def _one_each(
    decoding: Decoding,
    limits: np.ndarray,
    sampler: Sampler,
    random: np.random.Generator,
    length_penalty: float,
) -> list[Decoded]:
    """One hypothesis for each sentence, word by word."""
    journal = Journal(length_penalty)
    results: list[Any] = [None] * len(limits)
    living = np.arange(len(limits))
    words = np.full(len(limits), EncoderDecoder.START)
    totals = np.zeros(len(limits))
    step = 0
    while len(living):
        step += 1
        logits = decoding.step(words)
        normal = log_totals(logits)
        forbid(logits)
        words = sampler.choose_rows(logits, random.random(len(living)))
        rows = np.arange(len(living))
        totals = totals + (logits[rows, words] - normal)
        journal.add(rows, words, decoding.attention)
        ended = words == EncoderDecoder.END
        leaving = ended | (limits[living] <= step)
        for place, result in journal.collect(rows[leaving], totals[leaving], ended[leaving]):
            results[living[place]] = result
        stay = np.flatnonzero(~leaving)
        if len(stay) < len(living):
            decoding.choose(stay)
            decoding.keep(stay)
            journal.choose(stay)
            living, words, totals = living[stay], words[stay], totals[stay]
    return results


def _check_positive(argument: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"decode expected {argument} to be a positive integer, got {value!r}.")


def _limits(max_length: Any, lengths: np.ndarray) -> np.ndarray:
    if max_length is None:
        return 2 * lengths + 10
    limits = np.asarray(max_length)
    fits = limits.shape in ((), lengths.shape)
    if not fits or limits.dtype.kind not in "iu" or (limits < 1).any():
        raise ValueError(
            f"decode expected max_length to be a positive integer or one for each of "
            f"{len(lengths)} sources, got {max_length!r}."
        )
    return np.broadcast_to(limits, lengths.shape)
