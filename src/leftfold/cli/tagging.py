"""What the commands of `leftfold tag` do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leftfold.cli.errors import UserError
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
from leftfold.tasks import leads
from leftfold.tasks.extras import require
from leftfold.tasks.references import has_scikit_learn
from leftfold.tasks.tagging import SequenceTagger, Tagging, tag
from leftfold.tasks.tagging.evaluation import about_new_labels, judged
from leftfold.tasks.tagging.files import Tagged, is_columns, read_tagged

_MOST_SAID = 12


@dataclass(frozen=True)
class Source:
    """Where data comes from, and what its columns are; see `read_tagged`."""

    path: str
    text: str | None
    label: str | None
    id_column: str | None
    time: str | None
    format: str | None
    encoding: str | None
    delimiter: str | None

    def check(self, *others: str) -> None:
        """Complain about options of tables where there are none.

        Args:
            others: further files that are read alike.

        Raises:
            UserError: naming the option.
        """
        if not all(is_columns(path, self.format) for path in (self.path, *others)):
            return
        for option, value in (("--id", self.id_column), ("--time", self.time)):
            if value is not None:
                raise UserError(
                    f"{option} is about a table; in {source_name(self.path)} blank lines tell "
                    "sequences apart (--input-format csv reads a table)."
                )

    def read(
        self,
        path: str | None = None,
        needs_label: bool = True,
        known: dict[str, Any] | None = None,
    ) -> Tagged:
        """The sequences, with what was found announced.

        Args:
            path: of another file with the same columns.
            needs_label: whether labels are wanted.
            known: columns of the data that a model was trained on, for those that are not named.
        """
        in_columns = is_columns(path or self.path, self.format)
        known = {
            role: column
            for role, column in (known or {}).items()
            if str(column).removeprefix("-").isdecimal() == in_columns
        }
        found = read_tagged(
            path or self.path,
            self.text or known.get("text"),
            self.label or known.get("label"),
            self.id_column or known.get("id_column"),
            self.time or known.get("time"),
            known.get("features"),
            needs_label,
            self.format,
            self.encoding,
            self.delimiter,
        )
        for line in found.said:
            say(line)
        return found


def train(
    source: Source,
    validation: str | None,
    test: str | None,
    test_share: float,
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
    source.check(*(path for path in (validation, test) if path is not None))
    tagger = SequenceTagger(**settings)
    with one_line_errors():
        if report is not None:
            require("matplotlib", "tasks", "--report")
        if not has_scikit_learn():
            say('no linear reference: scikit-learn is missing (pip install "leftfold[tasks]")')
        found = source.read()
        say(_labels(found))
        stop_by, judge_by = (
            None if path is None else _pair(source.read(path, known=found.columns))
            for path in (validation, test)
        )
        with kept_on_interrupt(tagger, output, found.columns):
            result = tag(
                *_pair(found),
                judge_by,
                tagger,
                test_share,
                source_name(source.path),
                validation=stop_by,
            )
        result.facts = source_facts(source.path)
        tagger.columns_ = found.columns
        tagger.save(output)
        if report is not None:
            result.report(report)
    _tell(result, output, report, format)


def _pair(found: Tagged) -> tuple[Any, Any]:
    return found.rows, found.labels


def _labels(found: Tagged) -> str:
    """How many steps have each label, in words."""
    counts = Counter(label for one in found.labels or [] for label in one).most_common()
    told = ", ".join(f"{name!r} {count:,}" for name, count in counts[:_MOST_SAID])
    more = f" and {len(counts) - _MOST_SAID} more" if len(counts) > _MOST_SAID else ""
    return f"{len(found.rows):,} sequences, labels: {told}{more}"


def _tell(result: Tagging, output: Path, report: Path | None, format: str | None) -> None:
    for line in result.tagger.describe():
        say(line)
    emit(result.table(), format, title=f"{len(result.truth):,} test sequences")
    if format in (None, "table"):
        emit(result.names(), "table")
    for warning in result.warnings:
        say(f"warning: {warning}")
    say(result.verdict())
    say(f"saved: {output}" + (f", report: {report}" if report else ""))


def predict(model: Path, source: Source, format: str | None, output: Path | None) -> None:
    """Label the steps of a file."""
    output_format(format, output)
    check_writable(output, "--output")
    source.check()
    with one_line_errors():
        tagger = SequenceTagger.load(model)
        found = source.read(needs_label=False, known=tagger.columns_)
        probabilities = tagger.predict_proba(found.rows)
        labels = tagger.decode(probabilities)
    code = {label: number for number, label in enumerate(tagger.classes_.tolist())}
    columns: dict[str, Sequence[Any]] = {
        str(found.columns.get("id_column", "sentence")): [
            name for name, one in zip(found.names, labels, strict=True) for _ in one
        ],
        "step": [step for one in labels for step in range(1, len(one) + 1)],
        "label": [label for one in labels for label in one],
        "probability": [
            round(float(p[step, code[label]]), 6)
            for p, one in zip(probabilities, labels, strict=True)
            for step, label in enumerate(one)
        ],
    }
    if tagger.reads_texts:
        tokens = [token for row in found.rows for token in row]
        columns = dict([*list(columns.items())[:2], ("token", tokens), *list(columns.items())[2:]])
    emit(columns, format, output)


def evaluate(model: Path, source: Source, format: str | None, output: Path | None) -> None:
    """Judge by labelled steps."""
    output_format(format, output)
    check_writable(output, "--output")
    source.check()
    with one_line_errors():
        tagger = SequenceTagger.load(model)
        found = source.read(known=tagger.columns_)
        assert found.labels is not None
        result = judged("network", found.labels, tagger.predict(found.rows), tagger.scheme_)
    for warning in about_new_labels(tagger, found.labels):
        say(f"warning: {warning}")
    figures = {"span F1": result.span_f1, "accuracy": result.accuracy}
    told = {name: interval for name, interval in figures.items() if interval is not None}
    emit(
        {
            "figure": [*told, "macro F1"],
            "value": [*(interval.value for interval in told.values()), result.macro_f1],
            "95% interval": [*map(leads.bounds, told.values()), ""],
        },
        format,
        output,
        title=f"{len(found.labels):,} sequences",
    )
