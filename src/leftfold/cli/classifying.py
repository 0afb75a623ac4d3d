"""What the commands of `leftfold classify` do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from leftfold.cli.tasks import (
    begin_training,
    check_writable,
    emit,
    kept_on_interrupt,
    one_line_errors,
    output_format,
    say,
    source_facts,
    source_name,
)
from leftfold.tasks import SequenceClassifier, checks, scores
from leftfold.tasks.candidates import describe_candidates
from leftfold.tasks.classification import Classification, classify
from leftfold.tasks.errors import DataError
from leftfold.tasks.evaluation import bootstrap_interval
from leftfold.tasks.extras import require
from leftfold.tasks.inputs import check_labels
from leftfold.tasks.labelled import Labelled, labelled_rows
from leftfold.tasks.references import has_scikit_learn
from leftfold.tasks.tables import Table, read_table


@dataclass(frozen=True)
class Source:
    """Where data comes from, and what its columns are.

    Attributes:
        path: a file, a folder, or `"-"`.
        text: the column with the texts.
        label: the column with the classes.
        id_column: tells sequences apart.
        time: orders their steps.
        format: of the file.
        encoding: of the file.
        delimiter: between its fields.
        skip_empty: whether to leave out rows without text or label.
    """

    path: str
    text: str | None
    label: str | None
    id_column: str | None
    time: str | None
    format: str | None
    encoding: str | None
    delimiter: str | None
    skip_empty: bool

    def table(self, path: str | None = None) -> Table:
        """The data as a table; that of another file with the same columns for `path`."""
        return read_table(path or self.path, self.format, self.encoding, self.delimiter)

    def rows(
        self,
        table: Table,
        needs_label: bool = True,
        level: str = "word",
        known: dict[str, Any] | None = None,
    ) -> Labelled:
        """The rows of a table, with what was found in it announced.

        Args:
            table: the data.
            needs_label: whether labels are wanted.
            level: of texts.
            known: columns of the data that a model was trained on, for those that are not named.
        """
        named = {"text": self.text, "label": self.label, "id_column": self.id_column}
        named["time"] = self.time
        usual = {name: column for name, column in (known or {}).items() if name != "features"}
        usual = {name: column for name, column in usual.items() if column in table.names}
        named = {**usual, **{name: column for name, column in named.items() if column}}
        found = labelled_rows(
            table,
            **named,
            features=(known or {}).get("features"),
            needs_label=needs_label,
            skip_empty=self.skip_empty,
            level=level,
        )
        for line in found.said:
            say(line)
        return found


def train(
    source: Source,
    test: str | None,
    test_share: float,
    classes: list[str] | None,
    settings: dict[str, Any],
    output: Path,
    report: Path | None,
    format: str | None,
    threads: int | None,
) -> None:
    """Train, judge, save, report.

    Raises:
        UserError: for anything that the user can mend, before anything is written.
        KeyboardInterrupt: on Ctrl-C, after saving the best model so far.
    """
    begin_training(output, report, format, threads)
    classifier = SequenceClassifier(**settings)
    with one_line_errors():
        if report is not None:
            require("matplotlib", "tasks", "--report")
        if not has_scikit_learn():
            say('no linear reference: scikit-learn is missing (pip install "leftfold[tasks]")')
        found = source.rows(source.table(), level=classifier.level)
        found = found.only(classes) if classes else found
        say(found.classes())
        other = None
        if test is not None:
            judged = source.rows(source.table(test), level=classifier.level)
            judged = judged.only(classes) if classes else judged
            other = judged.rows, judged.labels
        with kept_on_interrupt(classifier, output, found.columns):
            result = classify(
                found.rows, found.labels, other, classifier, test_share, source_name(source.path)
            )
        result.warnings = [*found.warnings, *result.warnings]
        result.facts = source_facts(source.path)
        classifier.columns_ = found.columns
        classifier.save(output)
        if report is not None:
            result.report(report)
    _tell(result, output, report, format)


def _tell(result: Classification, output: Path, report: Path | None, format: str | None) -> None:
    classifier = result.classifier
    for line in classifier.describe():
        say(line)
    if len(classifier.candidates_) > 1:
        emit(describe_candidates(classifier.candidates_), format, title="Networks tried")
    emit(result.table(), format, title=f"{len(result.truth):,} test rows")
    for warning in result.warnings:
        say(f"warning: {warning}")
    say(result.verdict())
    say(f"saved: {output}" + (f", report: {report}" if report else ""))


def predict(model: Path, source: Source, format: str | None, output: Path | None) -> None:
    """Classify the rows of a table."""
    output_format(format, output)
    check_writable(output, "--output")
    with one_line_errors():
        classifier = SequenceClassifier.load(model)
        known = classifier.columns_
        found = source.rows(source.table(), False, classifier.level, known)
        probabilities = classifier.predict_proba(found.rows)
    chosen = probabilities.argmax(1)
    columns: dict[str, Sequence[Any]] = {
        found.columns.get("id_column", "text"): found.names,
        "class": classifier.classes_[chosen].tolist(),
        **{
            f"p({label})": np.round(probabilities[:, code].astype(float), 6).tolist()
            for code, label in enumerate(classifier.classes_.tolist())
        },
    }
    emit(columns, format, output)


def evaluate(model: Path, source: Source, format: str | None, output: Path | None) -> None:
    """Judge by labelled rows."""
    output_format(format, output)
    check_writable(output, "--output")
    with one_line_errors():
        classifier = SequenceClassifier.load(model)
        found = source.rows(source.table(), True, classifier.level, classifier.columns_)
        assert found.labels is not None
        truth = classifier.codes(_as_classes(classifier, found.labels))
        probabilities = classifier.predict_proba(found.rows)
    for warning in [*found.warnings, *checks.about_labels(found.labels)]:
        say(f"warning: {warning}")
    predicted, classes = probabilities.argmax(1), probabilities.shape[1]
    accuracy = bootstrap_interval(scores.accuracy, truth, predicted)
    f1 = bootstrap_interval(lambda t, p: scores.macro_f1(t, p, classes), truth, predicted)
    frequent = float(np.bincount(truth).max() / len(truth))
    emit(
        {
            "figure": ["accuracy", "macro F1", "log loss", "most frequent class, accuracy"],
            "value": [accuracy.value, f1.value, scores.log_loss(truth, probabilities), frequent],
            "95% interval": [
                f"{accuracy.low:.4f} to {accuracy.high:.4f}",
                f"{f1.low:.4f} to {f1.high:.4f}",
                "",
                "",
            ],
        },
        format,
        output,
        title=f"{len(truth):,} rows",
    )
    if output is None and format in (None, "table"):
        table = scores.confusion(truth, predicted, classes)
        names = [str(label) for label in classifier.classes_]
        columns = {"true \\ predicted": names}
        columns |= {name: table[:, code].tolist() for code, name in enumerate(names)}
        emit(columns, "table")


def _as_classes(classifier: SequenceClassifier, labels: list[Any]) -> np.ndarray:
    """Labels of a file in the type of the classes: CSV has texts where JSON has numbers."""
    known = {str(label): label for label in classifier.classes_.tolist()}
    return check_labels([known.get(str(label), str(label)) for label in labels], len(labels), 1)


def explain(model: Path, texts: Sequence[str], target: str | None, format: str | None) -> None:
    """Show what each word contributes."""
    output_format(format, None)
    with one_line_errors():
        classifier = SequenceClassifier.load(model)
        label = None if target is None else _as_classes(classifier, [target])[0]
        found = [classifier.explain(text, label) for text in texts]
        if not all(explanation.tokens for explanation in found):
            raise DataError("explain expected a classifier of texts.")
    if format in (None, "table"):
        console = Console(highlight=False)
        for explanation in found:
            console.print(explanation)
        return
    emit(
        {
            "text": [n for n, e in enumerate(found, 1) for _ in e.tokens],
            "word": [token.text for e in found for token in e.tokens],
            "contribution": [float(c) for e in found for c in e.contributions],
            "class": [e.target for e in found for _ in e.tokens],
        },
        format,
    )
