"""Methods beside each other: the same corpus, the same dimensions, the same judgement."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leftfold.vectors import evaluation
from leftfold.vectors.container import WordVectors
from leftfold.vectors.corpus import as_corpus
from leftfold.vectors.methods import METHODS, TextEncoder
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

    def of(self, vectors: WordVectors | None, encoder: TextEncoder | None = None) -> dict[str, Any]:
        """Figures by name.

        Args:
            vectors: of words, if there are any.
            encoder: for the probe; by default the mean of words' vectors.
        """
        found: dict[str, Any] = {}
        if vectors is not None:
            found |= self._of_words(vectors)
        if self.train is None or self.test is None:
            return found
        if encoder is not None:
            (texts, classes), (others, their_classes) = self.train, self.test
            learnt, tested = encoder.infer(texts), encoder.infer(others)
            probe = evaluation.linear_probe(
                (learnt, classes), (tested, their_classes), seed=self.seed
            )
        elif vectors is not None:
            probe = evaluation.probe(vectors, self.train, self.test, seed=self.seed)
        else:
            return found
        return found | {"probe": probe.accuracy, "probe low": probe.low, "probe high": probe.high}

    def _of_words(self, vectors: WordVectors) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.questions is not None:
            total = evaluation.analogies(vectors, self.questions, self.rule)[-1]
            found |= {
                "analogies": total.accuracy,
                "analogies known": total.known,
                "analogies all": total.questions,
            }
        for name, pairs in (self.pairs or {}).items():
            result = evaluation.similarity(vectors, pairs, self.seed)
            found |= {
                name: result.spearman,
                f"{name} low": result.low,
                f"{name} high": result.high,
                f"{name} known": result.known,
                f"{name} all": result.pairs,
            }
        return found


def compare(
    corpus: Any,
    methods: Mapping[str, Mapping[str, Any]],
    judgement: Judgement,
    seeds: int = 1,
    told: Callable[[str], None] | None = None,
) -> list[dict[str, Any]]:
    """Train each method on a corpus and judge what it makes.

    Methods that make vectors of texts are judged by the probe alone, on what they infer for its
    texts.

    Args:
        corpus: a `Corpus`, or what makes one.
        methods: settings by the name of the method; all should have the same `dimensions`.
        judgement: what to judge by.
        seeds: with two or more, each method is trained so often, with seeds from 0, and the
            stability of neighbours is told as well.
        told: called with the name of each method before it begins, and with its figures.

    Returns:
        For each method its name, dimensions, number of vectors, seconds, those of all processors
        together, and figures, those of the first seed.
    """
    corpus = as_corpus(corpus)
    corpus.encoded()  # its cost is no method's
    rows = []
    for name, settings in methods.items():
        if told is not None:
            told(f"training {name}")
        read = corpus
        if METHODS[name].reads == "sentences":
            read = corpus.by_sentence()
            read.encoded()
        runs, seconds, processor, encoder = [], 0.0, 0.0, None
        for seed in range(seeds):
            chosen = dict(settings)
            if "seed" in METHODS[name].settings():
                chosen["seed"] = seed + int(settings.get("seed", 0))
            begin, worked = time.perf_counter(), time.process_time()
            method = METHODS[name](**chosen)
            runs.append(method.fit(read))
            seconds += time.perf_counter() - begin
            processor += time.process_time() - worked
            encoder = encoder or method.text_encoder()
        row = {"method": name, "dimensions": runs[0].dimensions, "vectors": len(runs[0])}
        row |= {"seconds": seconds / seeds, "processor seconds": processor / seeds}
        row |= judgement.of(runs[0] if encoder is None else None, encoder)
        if seeds > 1:
            row["stability"] = evaluation.stability(runs)
        rows.append(row)
        if told is not None:
            told(", ".join(f"{key} {value:.5g}" for key, value in list(row.items())[1:]))
    return rows
