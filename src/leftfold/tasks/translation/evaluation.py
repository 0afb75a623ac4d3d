"""`translate`: from pairs of sentences to a translator that was judged honestly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.callbacks import Callback
from leftfold.tasks import leads
from leftfold.tasks.errors import DataError
from leftfold.tasks.evaluation import Interval, bootstrap_difference, bootstrap_interval
from leftfold.tasks.sequence_scores import character_error_rate, chrf
from leftfold.tasks.translation.languages import tidy
from leftfold.tasks.translation.measures import Measure
from leftfold.tasks.translation.pairs import (
    LEAST_PAIRS,
    Pairs,
    near_duplicates,
    other_pairs,
    pairs_of,
    split_pairs,
    without,
)
from leftfold.tasks.translation.references import CopySource, WordTable
from leftfold.tasks.translation.translator import Translator
from leftfold.tasks.translation.writing import Translated

_FEW = 1000
_MANY_UNKNOWN = 0.05


@dataclass
class Judged:
    """One way to translate, on the test part.

    Attributes:
        name: of it.
        predicted: its translations.
        figure: BLEU or exact match, from 0 to 100, with its interval.
        chrf: F score of stretches of characters, from 0 to 100.
        exact: the share of sentences that are right from end to end, from 0 to 100.
        errors: edits of characters by characters of what is right.
        lead: the network's figure minus this one; `None` for the network.
    """

    name: str
    predicted: list[str]
    figure: Interval
    chrf: float
    exact: float
    errors: float
    lead: Interval | None = None


@dataclass
class Translation:
    """A fitted translator and how it does on sentences that nothing was chosen by.

    Attributes:
        translator: the network.
        measure: what is compared: BLEU, or exact match where targets are short.
        results: the network first, then what it must beat.
        written: what the network wrote, with its attention.
        test: sentences and what is right.
        warnings: what is suspicious about the data.
        source: where the data came from, in words.
        facts: what it takes to do it again, by name, for the report.
    """

    translator: Translator
    measure: Measure
    results: list[Judged]
    written: list[Translated]
    test: Pairs
    warnings: list[str]
    source: str = "data"
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def network(self) -> Judged:
        """The translator's results."""
        return self.results[0]

    def leads(self) -> list[leads.Lead]:
        """How far the network is ahead of each of the others."""
        return [
            leads.Lead(result.name, result.figure.value, result.lead)
            for result in self.results
            if result.lead is not None
        ]

    def verdict(self) -> str:
        """Whether the network beats the best of the others, in one sentence."""
        return leads.verdict(self.leads())

    def table(self) -> dict[str, list[Any]]:
        """The results as columns."""
        return {
            "model": [one.name for one in self.results],
            self.measure.name: [one.figure.value for one in self.results],
            "95% interval": [leads.bounds(one.figure) for one in self.results],
            "chrF": [one.chrf for one in self.results],
            "all right %": [one.exact for one in self.results],
            "character errors": [one.errors for one in self.results],
            "network's lead": [leads.told(one.lead) for one in self.results],
        }

    def worst(self, count: int) -> list[int]:
        """The test sentences whose translations are furthest from what is right, worst first."""
        errors = [
            character_error_rate([right], [said])
            for right, said in zip(self.test.targets, self.network.predicted, strict=True)
        ]
        order = np.argsort(-np.array(errors), kind="stable")
        return [int(row) for row in order if errors[row] > 0][:count]

    def report(self, path: Path | str) -> None:
        """Write the report, one HTML file that needs no network.

        Raises:
            MissingExtraError: without matplotlib.
            SavingError: when the file cannot be written.
        """
        from leftfold.tasks.report.translation import translation_page

        translation_page(self).save(path)


def translate(
    X: Any,
    y: Any,
    test: tuple[Any, Any] | None = None,
    validation: tuple[Any, Any] | None = None,
    translator: Translator | None = None,
    test_share: float = 0.1,
    source: str = "data",
    callbacks: Sequence[Callback] = (),
) -> Translation:
    """Set a test part aside, train on the rest, and judge beside what the network must beat.

    Args:
        X: sentences to read.
        y: what to write for each.
        test: other pairs to judge by; by default a part of these, with equal sources on one side.
            Pairs whose source is among them are not learnt from.
        validation: other pairs to choose the best epoch by, without those whose source is in
            `test`.
        translator: with the settings wanted.
        test_share: of the pairs, for the test part.
        source: where the data came from, for the report.
        callbacks: for the training.

    Raises:
        ValueError: for settings that make no sense.
        DataError: for data that cannot be used.
        MissingExtraError: without sacrebleu.
        KeyboardInterrupt: on Ctrl-C; `translator` has the best network so far.

    Example:
        >>> names = ["one", "two", "six", "ten", "red", "sun"]
        >>> pairs = [(f"{a} {b}", f"{b} {a}") for a in names for b in names]
        >>> small = Translator("word", units=16, embedding=8, epochs=2)
        >>> found = translate(*zip(*pairs), translator=small, test_share=0.2)
        >>> found.measure.name, [result.name for result in found.results[1:]]
        ('exact match', ['copy the source', 'word-for-word table'])
    """
    translator = translator or Translator()
    translator.check_settings()
    pairs = pairs_of(X, y, least=LEAST_PAIRS)
    again = stopped_by = 0
    if validation is not None:
        validation = other_pairs(validation, "validation")
    if test is not None:
        judge = other_pairs(test, "test")
        learn, again = without(pairs, judge.sources)
        if not learn.sources:
            raise DataError(
                "All pairs are in the test part as well: nothing is left to learn from."
            )
        if validation is not None:
            validation, stopped_by = without(validation, judge.sources)
            if not validation.sources:
                raise DataError(
                    "All validation pairs are in the test part as well: nothing is left to stop by."
                )
    else:
        learn, judge = split_pairs(pairs, test_share, translator.seed)
    Measure.fitting(judge.targets, translator.target_language, translator.lowercase)
    chrf(["a"], ["a"])  # sacrebleu is missed now, or never
    translator.fit(*learn, validation, callbacks)
    if translator.training_.ended_by == "interrupt":
        raise KeyboardInterrupt
    found = judge_translator(translator, judge, learn, source)
    if again:
        found.warnings.append(
            f"leakage: {again:,} training pairs have a source of the test part; they were left out"
        )
    if stopped_by:
        found.warnings.append(
            f"leakage: {stopped_by:,} validation pairs have a source of the test part; they were "
            "left out"
        )
    return found


def judge_translator(
    translator: Translator, test: Pairs, train: Pairs | None = None, source: str = "data"
) -> Translation:
    """Judge a fitted translator beside what it must beat.

    A sentence that is too long, where such are refused, has no translation, which is wrong.

    Args:
        translator: fitted.
        test: what to judge by.
        train: what the table of words learns from, and near duplicates are looked for in.
        source: where the data came from.
    """
    languages = translator.source_.language, translator.target_.language
    measure = Measure.fitting(test.targets, languages[1], translator.lowercase)
    written = [Translated("")] * len(test.sources)
    refused = {row for row, _ in translator.refused(test.sources)}
    rows = [row for row in range(len(written)) if row not in refused]
    for row, one in zip(rows, translator.translate(test.take(rows).sources), strict=True):
        written[row] = one
    predicted = [one.text for one in written]
    kind = translator.attention or "no attention"
    counts = measure.counts(test.targets, predicted)
    results = [_judged(f"network ({translator.cell}, {kind})", predicted, counts, test, measure)]
    references: list[Any] = [CopySource()]
    if train is not None:
        references.append(WordTable(*languages, translator.lowercase).fit(train))
    for reference in references:
        said = reference.predict(test.sources)
        own = measure.counts(test.targets, said)
        result = _judged(reference.name, said, own, test, measure)
        result.lead = bootstrap_difference(
            lambda _, rows: measure.figure(rows), own, counts, own, seed=translator.seed
        )
        results.append(result)
    warnings = _warnings(translator, test, train, len(refused))
    return Translation(translator, measure, results, written, test, warnings, source)


def _judged(
    name: str, predicted: list[str], counts: np.ndarray, test: Pairs, measure: Measure
) -> Judged:
    right, said = (
        [tidy(text, measure.language, measure.lowercase) for text in side]
        for side in (test.targets, predicted)
    )
    return Judged(
        name,
        predicted,
        bootstrap_interval(measure.figure, counts),
        chrf(right, said),
        measure.exact(test.targets, predicted),
        character_error_rate(right, said),
    )


def _warnings(translator: Translator, test: Pairs, train: Pairs | None, refused: int) -> list[str]:
    found = []
    if refused:
        found.append(
            f"too long: {refused:,} of {len(test.sources):,} test sources have more than "
            f"{translator.longest} {translator.unit}s; they were not translated and count as "
            "wrong (too_long=truncate reads their beginnings)"
        )
    if train is not None:
        near = int(near_duplicates(train.sources, test.sources).sum())
        if near:
            found.append(
                f"near duplicates: {near:,} of {len(test.sources):,} test sentences differ from a "
                "training sentence in marks, case or one word at most"
            )
        if len(train.sources) < _FEW:
            found.append(
                f"tiny data: {len(train.sources):,} pairs; the figures are rough, see their "
                "intervals"
            )
    ids = [translator.source_.encode(text) for text in test.sources]
    unknown = sum(len(translator.source_.unknown(row)) for row in ids)
    total = sum(map(len, ids))
    if unknown > _MANY_UNKNOWN * total:
        found.append(
            f"unknown {translator.unit}s: {unknown / total:.0%} of the test sources; unit=subword "
            "would read their parts"
        )
    return found
