"""`classify`: from labelled rows to a classifier that was judged honestly."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.tasks import checks, leads, references, scores
from leftfold.tasks.classifier import SequenceClassifier
from leftfold.tasks.errors import DataError
from leftfold.tasks.evaluation import Interval, bootstrap_difference, bootstrap_interval
from leftfold.tasks.inputs import Inputs, check_labels, rows_of
from leftfold.tasks.splits import duplicate_groups, stratified_split
from leftfold.tasks.texts import TextEncoder


@dataclass
class Judged:
    """One model on the test part.

    Attributes:
        name: of the model.
        probabilities: `(rows, classes)`.
        accuracy: with its interval.
        macro_f1: mean of the classes' F1.
        log_loss: in nats.
        lead: the network's accuracy minus this model's, with its interval; `None` for the network.
        remark: what was chosen on the training part.
    """

    name: str
    probabilities: np.ndarray
    accuracy: Interval
    macro_f1: float
    log_loss: float
    lead: Interval | None = None
    remark: str = ""


@dataclass
class Classification:
    """A fitted classifier and how it does on rows that nothing was chosen by.

    Attributes:
        classifier: the network.
        results: the network first, then what it must beat.
        truth: numbers of the test rows' classes.
        test: the test rows.
        lengths: of the training rows.
        warnings: what is suspicious about the data.
        source: where the data came from, in words.
        facts: what it takes to do it again, by name, for the report.
    """

    classifier: SequenceClassifier
    results: list[Judged]
    truth: np.ndarray
    test: list[Any]
    lengths: np.ndarray
    warnings: list[str]
    source: str = "data"
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def network(self) -> Judged:
        """The classifier's results."""
        return self.results[0]

    def verdict(self) -> str:
        """Whether the network beats the best of the others, in one sentence."""
        return leads.verdict(self.leads())

    def leads(self) -> list[leads.Lead]:
        """How far the network is ahead of each of the others."""
        return [
            leads.Lead(result.name, result.accuracy.value, result.lead)
            for result in self.results
            if result.lead is not None
        ]

    def table(self) -> dict[str, list[Any]]:
        """The results as columns."""
        return {
            "model": [result.name for result in self.results],
            "accuracy": [result.accuracy.value for result in self.results],
            "95% interval": [leads.bounds(result.accuracy) for result in self.results],
            "macro F1": [result.macro_f1 for result in self.results],
            "log loss": [result.log_loss for result in self.results],
            "network's lead": [leads.told(result.lead) for result in self.results],
        }

    def report(self, path: Path | str) -> None:
        """Write the report, one HTML file that needs no network.

        Raises:
            MissingExtraError: without matplotlib.
            SavingError: when the file cannot be written.
        """
        from leftfold.tasks.report.classification import classification_page

        classification_page(self).save(path)


def classify(
    X: Any,
    y: Any,
    test: tuple[Any, Any] | None = None,
    classifier: SequenceClassifier | None = None,
    test_share: float = 0.2,
    source: str = "data",
    baselines: bool = True,
    mask: Any = None,
) -> Classification:
    """Set a test part aside, train on the rest, and judge beside what the network must beat.

    Args:
        X: rows, as `SequenceClassifier.fit` takes them.
        y: their labels.
        test: other rows and labels to judge by; by default a part of `X`, with equal rows on one
            side.
        classifier: with the settings wanted.
        test_share: of the rows, for the test part.
        source: where the data came from, for the report.
        baselines: whether to fit the linear baseline, which needs scikit-learn.
        mask: for `X` as one padded array, True where there is something, `(rows, steps)`.

    Raises:
        DataError: for data that cannot be used.
        KeyboardInterrupt: on Ctrl-C; `classifier` has the best network so far.

    Example:
        >>> texts = [f"{word} film {n}" for n in range(60) for word in ("good", "bad")]
        >>> found = classify(texts, ["yes", "no"] * 60, classifier=SequenceClassifier("gru", 8))
        >>> found.network.accuracy.value
        1.0
    """
    classifier = classifier or SequenceClassifier()
    classifier.check_settings()
    rows = rows_of(X, classifier.level, mask)
    labels = check_labels(y, len(rows))
    if test is None:
        groups = duplicate_groups(map(checks.row_key, rows))
        codes = np.unique(labels, return_inverse=True)[1]
        learn, judge = stratified_split(
            codes, [1 - test_share, test_share], classifier.seed, groups
        )
        if not len(judge):
            raise DataError(
                f"{len(rows)} rows are too few to set a test part of {test_share:.0%} aside."
            )
        train_rows, train_labels = [rows[row] for row in learn], labels[learn]
        test_rows, test_labels = [rows[row] for row in judge], labels[judge]
    else:
        train_rows, train_labels = rows, labels
        test_rows = rows_of(test[0], classifier.level, None)
        test_labels = check_labels(test[1], len(test_rows), least=1)
    warnings = checks.about_overlap(map(checks.row_key, train_rows), map(checks.row_key, test_rows))
    classifier.fit(train_rows, train_labels)
    warnings = [*classifier.warnings_, *warnings, *_telltales(classifier, train_rows, train_labels)]
    return judge_classifier(
        classifier,
        Inputs(train_rows, classifier.codes(train_labels)),
        Inputs(test_rows, classifier.codes(test_labels)),
        warnings,
        source,
        baselines,
    )


def judge_classifier(
    classifier: SequenceClassifier,
    train: Inputs,
    test: Inputs,
    warnings: list[str],
    source: str = "data",
    baselines: bool = True,
) -> Classification:
    """Put a fitted classifier beside what it must beat, on the same rows.

    Args:
        classifier: fitted on `train`.
        train: what the baselines are fitted on.
        test: what all are judged by.
        warnings: to hand on.
        source: where the data came from.
        baselines: whether to fit the linear baseline.
    """
    classes = len(classifier.classes_)
    name = classifier.plan_.cell
    network = _judged(f"network ({name})", classifier.predict_proba(test.rows), test.codes)
    results = [network]
    for reference in _references(classifier, train, baselines):
        reference.fit(train.rows, train.codes, classes, classifier.seed)
        probabilities = reference.probabilities(test.rows)
        result = _judged(reference.name, probabilities, test.codes)
        result.remark = getattr(reference, "chosen", "")
        result.lead = bootstrap_difference(
            scores.accuracy,
            test.codes,
            network.probabilities.argmax(1),
            probabilities.argmax(1),
            seed=classifier.seed,
        )
        results.append(result)
    lengths = classifier.encoder_.lengths(train.rows)
    return Classification(classifier, results, test.codes, test.rows, lengths, warnings, source)


def _references(classifier: SequenceClassifier, train: Inputs, baselines: bool) -> list[Any]:
    found: list[Any] = [references.Majority()]
    if baselines and references.has_scikit_learn():
        text = references.WordCounts(classifier.level)
        found.append(text if train.are_texts else references.Summaries())
    return found


def _judged(name: str, probabilities: np.ndarray, truth: np.ndarray) -> Judged:
    predicted = probabilities.argmax(1)
    return Judged(
        name,
        probabilities,
        bootstrap_interval(scores.accuracy, truth, predicted),
        scores.macro_f1(truth, predicted, probabilities.shape[1]),
        scores.log_loss(truth, probabilities),
    )


def _telltales(classifier: SequenceClassifier, rows: list[Any], labels: np.ndarray) -> list[str]:
    encoder = classifier.encoder_
    if not isinstance(encoder, TextEncoder) or encoder.level != "word":
        return []
    words = ({token.text for token in encoder.tokens(text)} for text in rows)
    return checks.about_telltale_words(words, labels.tolist())
