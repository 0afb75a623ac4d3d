"""`tag`: from labelled sequences to a tagger that was judged honestly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.tasks import checks, leads
from leftfold.tasks.errors import DataError
from leftfold.tasks.evaluation import Interval, bootstrap_difference, bootstrap_interval
from leftfold.tasks.references import has_scikit_learn
from leftfold.tasks.tagging import references
from leftfold.tasks.tagging.inputs import Labels, Rows, labels_of, row_key, rows_of, split, take
from leftfold.tasks.tagging.spans import f1, first_fault, span_counts
from leftfold.tasks.tagging.tagger import SequenceTagger
from leftfold.tasks.tagging.tokens import TokenEncoder

_FEW = 100
_MANY_UNKNOWN = 0.25


@dataclass
class Judged:
    """One model on the test part.

    Attributes:
        name: of the model.
        predicted: a label for each step.
        accuracy: the share of steps that are right, with its interval; whole rows are drawn.
        span_f1: of spans, likewise; `None` where labels name single steps.
        macro_f1: the mean F1 of the names of spans, or of the labels.
        lead: the network's span F1 (or accuracy) minus this model's; `None` for the network.
    """

    name: str
    predicted: Labels
    accuracy: Interval
    span_f1: Interval | None
    macro_f1: float
    lead: Interval | None = None

    @property
    def figure(self) -> Interval:
        """What models are compared by: the F1 of spans, or accuracy where there are none."""
        return self.accuracy if self.span_f1 is None else self.span_f1


@dataclass
class Tagging:
    """A fitted tagger and how it does on rows that nothing was chosen by.

    Attributes:
        tagger: the network.
        results: the network first, then what it must beat.
        rows: the test rows.
        truth: their labels.
        warnings: what is suspicious about the data.
        source: where the data came from, in words.
        facts: what it takes to do it again, by name, for the report.
    """

    tagger: SequenceTagger
    results: list[Judged]
    rows: Rows
    truth: Labels
    warnings: list[str]
    source: str = "data"
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def network(self) -> Judged:
        """The tagger's results."""
        return self.results[0]

    @property
    def measure(self) -> str:
        """What models are compared by, in words."""
        return "accuracy" if self.network.span_f1 is None else "span F1"

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
        spans = [result.span_f1 for result in self.results]
        columns: dict[str, list[Any]] = {"model": [result.name for result in self.results]}
        if self.network.span_f1 is not None:
            columns["span F1"] = [span.value for span in spans if span is not None]
            columns["95% interval"] = [leads.bounds(span) for span in spans if span is not None]
        columns["accuracy"] = [result.accuracy.value for result in self.results]
        if self.network.span_f1 is None:
            columns["95% interval"] = [leads.bounds(result.accuracy) for result in self.results]
        columns["macro F1"] = [result.macro_f1 for result in self.results]
        columns["network's lead"] = [leads.told(result.lead) for result in self.results]
        return columns

    def names(self) -> dict[str, list[Any]]:
        """Precision, recall and F1 of each name of spans, or of each label, as columns."""
        counts = counts_by_name(self.truth, self.network.predicted, self.tagger.scheme_)
        totals = {name: rows.sum(0) for name, rows in counts.items()}
        return {
            "span" if self.tagger.scheme_ else "label": list(totals),
            "precision": [float(right / max(1, said)) for right, said, _ in totals.values()],
            "recall": [float(right / max(1, true)) for right, _, true in totals.values()],
            "F1": [f1(total[None]) for total in totals.values()],
            "in the test part": [int(true) for _, _, true in totals.values()],
        }

    def report(self, path: Path | str) -> None:
        """Write the report, one HTML file that needs no network.

        Raises:
            MissingExtraError: without matplotlib.
            SavingError: when the file cannot be written.
        """
        from leftfold.tasks.report.tagging import tagging_page

        tagging_page(self).save(path)


def tag(
    X: Any,
    y: Any,
    test: tuple[Any, Any] | None = None,
    tagger: SequenceTagger | None = None,
    test_share: float = 0.2,
    source: str = "data",
    baselines: bool = True,
    validation: tuple[Any, Any] | None = None,
) -> Tagging:
    """Set a test part aside, train on the rest, and judge beside what the network must beat.

    Args:
        X: rows, as `SequenceTagger.fit` takes them.
        y: the labels of their steps.
        test: other rows and labels to judge by; by default a part of `X`, with equal rows on one
            side.
        tagger: with the settings wanted.
        test_share: of the rows, for the test part.
        source: where the data came from, for the report.
        baselines: whether to fit the linear baseline, which needs scikit-learn.
        validation: rows and labels for early stopping, instead of a part of the rest.

    Raises:
        DataError: for data that cannot be used.
        KeyboardInterrupt: on Ctrl-C; `tagger` has the best network so far.

    Example:
        >>> names = ["Rome", "Oslo", "Bonn", "Bern", "Paris", "Cairo"]
        >>> sentences = [["to", a, "or", b] for a in names for b in names]
        >>> labels = [["O", "S-LOC", "O", "S-LOC"]] * len(sentences)
        >>> small = SequenceTagger("gru", 8, epochs=15)
        >>> found = tag(sentences, labels, tagger=small, baselines=False)
        >>> found.network.span_f1.value
        1.0
    """
    tagger = tagger or SequenceTagger()
    tagger.check_settings()
    rows = rows_of(X)
    labels = labels_of(y, rows, least=2)
    if test is not None:
        test_rows = rows_of(test[0], isinstance(rows[0], list))
        test_labels = labels_of(test[1], test_rows)
    else:
        learn, judge = split(rows, labels, test_share, tagger.seed)
        if not len(judge) or not len(learn):
            raise DataError(
                f"{len(rows)} sequences are too few to set a test part of {test_share:.0%} aside."
            )
        test_rows, test_labels = take(rows, judge), take(labels, judge)
        rows, labels = take(rows, learn), take(labels, learn)
    tagger.fit(rows, labels, validation)
    found = judge_tagger(tagger, (rows, labels), (test_rows, test_labels), source, baselines)
    if validation is not None:
        stopped_by = rows_of(validation[0])
        found.warnings += checks.about_overlap(
            map(row_key, stopped_by), map(row_key, test_rows), "validation"
        )
    return found


def judge_tagger(
    tagger: SequenceTagger,
    train: tuple[Rows, Labels],
    test: tuple[Rows, Labels],
    source: str = "data",
    baselines: bool = True,
) -> Tagging:
    """Put a fitted tagger beside what it must beat, on the same rows.

    Args:
        tagger: fitted on `train`.
        train: what the baselines are fitted on.
        test: what all are judged by.
        source: where the data came from.
        baselines: whether to fit the linear baseline.
    """
    rows, truth = test
    scheme = tagger.scheme_
    network = judged(f"network ({tagger.cell})", truth, tagger.predict(rows), scheme)
    results = [network]
    for reference in _references(tagger, baselines):
        result = judged(reference.name, truth, reference.fit(*train).predict(rows), scheme)
        result.lead = bootstrap_difference(
            lambda _, counts: f1(counts),
            np.zeros(len(truth)),
            row_counts(truth, network.predicted, scheme),
            row_counts(truth, result.predicted, scheme),
            seed=tagger.seed,
        )
        results.append(result)
    return Tagging(tagger, results, rows, truth, _warnings(tagger, train, test), source)


def judged(name: str, truth: Labels, predicted: Labels, scheme: str | None) -> Judged:
    """The figures of one model."""
    by_name = counts_by_name(truth, predicted, scheme)
    spans = bootstrap_interval(f1, row_counts(truth, predicted, scheme)) if scheme else None
    macro = float(np.mean([f1(counts) for counts in by_name.values()])) if by_name else 1.0
    steps = bootstrap_interval(f1, row_counts(truth, predicted, None))
    return Judged(name, predicted, steps, spans, macro)


def row_counts(truth: Labels, predicted: Labels, scheme: str | None) -> np.ndarray:
    """What is right, predicted and true in each row, `(rows, 3)`: spans, or steps without a scheme.

    Of steps the F1 is their accuracy.
    """
    if scheme:
        counts = span_counts(truth, predicted).values()
        return sum(counts, np.zeros((len(truth), 3), int))
    right = [sum(map(str.__eq__, a, b)) for a, b in zip(truth, predicted, strict=True)]
    lengths = [len(one) for one in truth]
    return np.array([right, lengths, lengths]).T


def counts_by_name(truth: Labels, predicted: Labels, scheme: str | None) -> dict[str, np.ndarray]:
    """`row_counts` for each name of spans, or for each label."""
    if scheme:
        return span_counts(truth, predicted)
    # A label that names single steps is a span of one step.
    return span_counts(
        *([[f"S-{label}" for label in one] for one in side] for side in (truth, predicted))
    )


def _references(tagger: SequenceTagger, baselines: bool) -> list[Any]:
    linear = baselines and has_scikit_learn()
    if tagger.reads_texts:
        found: list[Any] = [references.Majority(), references.MostFrequentOfToken()]
        return [*found, references.Neighbourhood(tagger.seed)] if linear else found
    found = [references.Majority()]
    return [*found, references.SeriesNeighbourhood(tagger.seed)] if linear else found


def _warnings(
    tagger: SequenceTagger, train: tuple[Rows, Labels], test: tuple[Rows, Labels]
) -> list[str]:
    found = checks.about_overlap(map(row_key, train[0]), map(row_key, test[0]))
    if len(train[0]) < _FEW:
        found.append(f"tiny data: {len(train[0])} rows; the figures are rough, see their intervals")
    found += about_new_labels(tagger, test[1])
    found += about_faults(train[1] + test[1], tagger.scheme_)
    encoder = tagger.encoder_
    if isinstance(encoder, TokenEncoder) and encoder.unknown_share(test[0]) > _MANY_UNKNOWN:
        share = encoder.unknown_share(test[0])
        found.append(f"unknown words: {share:.0%} of the test part; only their parts tell")
    return found


def about_new_labels(tagger: SequenceTagger, test: Labels) -> list[str]:
    """A sentence where labels are none that the tagger has learnt."""
    strange = sorted({label for one in test for label in one} - set(tagger.classes_.tolist()))
    if not strange:
        return []
    return [
        f"new labels: {', '.join(map(repr, strange[:5]))} of the test part are not in the "
        "training part, and are counted as wrong"
    ]


def about_faults(labels: Sequence[Sequence[str]], scheme: str | None) -> list[str]:
    """A sentence where labels do not follow their scheme."""
    faults = [(row, first_fault(one, scheme)) for row, one in enumerate(labels)]
    broken = [(row, step) for row, step in faults if step is not None]
    if not broken:
        return []
    row, step = broken[0]
    before = labels[row][step - 1] if step else "the beginning"
    return [
        f"labels: in {len(broken):,} sequences they are not {scheme}, such as "
        f"{labels[row][step]!r} behind {before!r}; such a label begins a span"
    ]
