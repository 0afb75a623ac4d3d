"""`BeamSearch`: the best of several hypotheses, for many sentences at once."""

from __future__ import annotations

import dataclasses

import numpy as np

from leftfold.models.seq2seq.encoder_decoder import EncoderDecoder
from leftfold.models.seq2seq.stepping import Decoding
from leftfold.streaming.hypotheses import Decoded, Journal, likeliest


class BeamSearch:
    """Follows the likeliest hypotheses of each sentence until they end.

    A sentence begins with `beams` hypotheses to follow, and follows one fewer for each that ends.

    Args:
        decoding: the sentences, before their first step.
        beams: hypotheses followed for each.
        limits: the most words for each, the end among them.
        length_penalty: the power of the number of words by which scores are divided.
        early_stop: whether to stop where nothing better can come.
    """

    def __init__(
        self,
        decoding: Decoding,
        beams: int,
        limits: np.ndarray,
        length_penalty: float,
        early_stop: bool,
    ) -> None:
        self._decoding, self._beams = decoding, beams
        self._early_stop = early_stop
        self._journal = Journal(length_penalty)
        self._numbers = np.arange(len(limits))
        """The sentences that are left, by their numbers in the beginning."""
        self._limits = limits
        self._widths = np.full(len(limits), beams)
        self._best = np.full(len(limits), -np.inf)
        self._found: list[list[Decoded]] = [[] for _ in range(len(limits))]

    def run(self) -> list[Decoded]:
        """The best hypothesis of each sentence, with those that also ended."""
        words = np.full(len(self._limits), EncoderDecoder.START)
        totals = np.zeros(len(self._limits))
        step = 0
        while len(words):
            step += 1
            parents, words, totals = self._continue(words, totals)
            self._journal.add(parents, words, self._decoding.attention)
            words, totals = self._retire(parents, words, totals, step)
        results = []
        for hypotheses in self._found:
            hypotheses.sort(key=lambda one: -one.score)
            best, *others = hypotheses
            results.append(dataclasses.replace(best, others=tuple(others)))
        return results

    def _continue(
        self, words: np.ndarray, totals: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For each sentence its likeliest continuations: rows gone on from, words, sums."""
        sentence = self._decoding.sentence
        logits = self._decoding.step(words)
        candidates, scores = likeliest(logits, self._beams)
        scores = scores + totals[:, None]
        place = np.arange(len(sentence)) - np.searchsorted(sentence, sentence)
        width = candidates.shape[1]
        table = np.full((len(self._widths), (place.max() + 1) * width), -np.inf)
        columns = place[:, None] * width + np.arange(width)
        table[sentence[:, None], columns] = scores
        order = np.argsort(-table, axis=1, kind="stable")[:, : self._beams]
        kept = np.take_along_axis(table, order, 1)
        wanted = (np.arange(kept.shape[1]) < self._widths[:, None]) & np.isfinite(kept)
        first_row = np.searchsorted(sentence, np.arange(len(self._widths)))
        chosen, rank = np.nonzero(wanted)
        column = order[chosen, rank]
        parents = first_row[chosen] + column // width
        return parents, candidates[parents, column % width], kept[chosen, rank]

    def _retire(
        self, parents: np.ndarray, words: np.ndarray, totals: np.ndarray, step: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Put aside what ended; words and sums of the rows that go on."""
        decoding, journal = self._decoding, self._journal
        sentence = decoding.sentence[parents]
        ended = words == EncoderDecoder.END
        leaving = ended | (self._limits[sentence] <= step)
        rows = np.flatnonzero(leaving)
        for row, result in journal.collect(rows, totals[rows], ended[rows]):
            at = sentence[row]
            self._found[self._numbers[at]].append(result)
            self._best[at] = max(self._best[at], result.score)
        np.subtract.at(self._widths, sentence[rows], 1)
        stay = ~leaving
        if self._early_stop and len(rows):
            hopes = totals / self._limits[sentence] ** journal.length_penalty
            reachable = np.full(len(self._widths), -np.inf)
            np.maximum.at(reachable, sentence[stay], hopes[stay])
            stay &= reachable[sentence] > self._best[sentence]
        rows = np.flatnonzero(stay)
        left = np.unique(sentence[rows])
        decoding.choose(parents[rows])
        journal.choose(rows)
        if len(left) < len(self._widths):
            decoding.keep(left)
            self._numbers, self._limits = self._numbers[left], self._limits[left]
            self._widths, self._best = self._widths[left], self._best[left]
        return words[rows], totals[rows]
