"""Methods beside each other: the same corpus, the same dimensions, the same judgement."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leftfold.vectors import evaluation
from leftfold.vectors.container import WordVectors
from leftfold.vectors.corpus import as_corpus
from leftfold.vectors.methods import METHODS
from leftfold.vectors.word_lists import Pair, Question

Labelled = tuple[Sequence[str], Sequence[Any]]


@dataclass(frozen=True)
class Judgement:
    """What vectors are judged by; what is left out is not judged.

    Attributes:
        questions: analogies by section.
        pairs: lists of pairs of words with a similarity, by name.
        train: texts and classes for the probe to learn from.
        test: texts and classes to test it with.
        rule: for analogies.
        seed: of resampling.
    """

    questions: Mapping[str, Sequence[Question]] | None = None
    pairs: Mapping[str, Sequence[Pair]] | None = None
    train: Labelled | None = None
    test: Labelled | None = None
    rule: str = "add"
    seed: int = 0

    def of(self, vectors: WordVectors) -> dict[str, float]:
        """Figures by name."""
        found: dict[str, float] = {}
        if self.questions is not None:
            total = evaluation.analogies(vectors, self.questions, self.rule)[-1]
            found["analogies"], found["analogies known"] = total.accuracy, total.known
        for name, pairs in (self.pairs or {}).items():
            result = evaluation.similarity(vectors, pairs, self.seed)
            found[name], found[f"{name} low"] = result.spearman, result.low
            found[f"{name} high"] = result.high
            found[f"{name} known"] = result.known
        if self.train is not None and self.test is not None:
            probe = evaluation.probe(vectors, self.train, self.test, seed=self.seed)
            found["probe"], found["probe low"], found["probe high"] = (
                probe.accuracy,
                probe.low,
                probe.high,
            )
        return found


def compare(
    corpus: Any,
    methods: Mapping[str, Mapping[str, Any]],
    judgement: Judgement,
    seeds: int = 1,
    told: Callable[[str], None] | None = None,
) -> list[dict[str, Any]]:
    """Train each method on a corpus and judge what it makes.

    Args:
        corpus: a `Corpus`, or what makes one.
        methods: settings by the name of the method; all should have the same `dimensions`.
        judgement: what to judge by.
        seeds: with two or more, each method is trained so often, with seeds from 0, and the
            stability of neighbours is told as well.
        told: called with the name of each method before it begins.

    Returns:
        For each method its name, dimensions, words, seconds and figures, those of the first seed.
    """
    corpus = as_corpus(corpus)
    corpus.encoded()  # its cost is no method's
    rows = []
    for name, settings in methods.items():
        if told is not None:
            told(name)
        runs, seconds = [], 0.0
        for seed in range(seeds):
            chosen = dict(settings)
            if "seed" in METHODS[name].settings():
                chosen["seed"] = seed + int(settings.get("seed", 0))
            begin = time.perf_counter()
            runs.append(METHODS[name](**chosen).fit(corpus))
            seconds += time.perf_counter() - begin
        row = {"method": name, "dimensions": runs[0].dimensions, "words": len(runs[0])}
        row |= {"seconds": seconds / seeds, **judgement.of(runs[0])}
        if seeds > 1:
            row["stability"] = evaluation.stability(runs)
        rows.append(row)
    return rows
