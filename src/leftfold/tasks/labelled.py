"""From a table to rows and labels, with every guess announced and every fault placed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from leftfold.tasks import checks
from leftfold.tasks.columns import label_column, text_column, time_column
from leftfold.tasks.errors import DataError
from leftfold.tasks.sequences import sequences_from_table
from leftfold.tasks.tables import Table
from leftfold.tasks.texts import TextEncoder

_MOST_SAID = 12


@dataclass
class Labelled:
    """Rows for a classifier.

    Attributes:
        rows: texts, or sequences.
        labels: of the rows; `None` where the table has none or none were asked for.
        names: what the rows are called: texts themselves, or ids of sequences.
        columns: which column is what, by the names of `labelled_rows`' arguments.
        said: what was found and guessed, to be announced.
        warnings: what is suspicious.
    """

    rows: list[Any]
    labels: list[Any] | None
    names: list[str]
    columns: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def only(self, classes: list[str]) -> Labelled:
        """The rows of these classes.

        Raises:
            DataError: for a class that has no rows.
        """
        assert self.labels is not None
        there = set(map(str, self.labels))
        for name in classes:
            if name not in there:
                known = ", ".join(sorted(there)[:_MOST_SAID])
                raise DataError(f"classes expected some of {known}, got {name!r}.")
        kept = [row for row, label in enumerate(self.labels) if str(label) in classes]
        return replace(
            self,
            rows=[self.rows[row] for row in kept],
            labels=[self.labels[row] for row in kept],
            names=[self.names[row] for row in kept],
        )

    def classes(self) -> str:
        """How many rows each class has, in words."""
        counts = Counter(map(str, self.labels or [])).most_common()
        told = ", ".join(f"{name!r} {count:,}" for name, count in counts[:_MOST_SAID])
        more = len(counts) - _MOST_SAID
        return f"classes: {told}" + (f" and {more} more" if more > 0 else "")


def labelled_rows(
    table: Table,
    text: str | None = None,
    label: str | None = None,
    id_column: str | None = None,
    time: str | None = None,
    features: list[str] | None = None,
    needs_label: bool = True,
    skip_empty: bool = False,
    level: str = "word",
) -> Labelled:
    """Find the texts or sequences of a table, and their labels.

    Args:
        table: one row for each text; or, with `id_column`, one for each step of a sequence.
        text: the column with the texts, or with lists of numbers.
        label: the column with the classes.
        id_column: tells sequences apart.
        time: orders their steps.
        features: the columns with numbers; by default all others that hold nothing else.
        needs_label: whether labels are wanted.
        skip_empty: whether to leave out rows without a text or label instead of complaining.
        level: of texts.

    Raises:
        DataError: for what is missing, by line and column.
    """
    if id_column is not None:
        return _from_steps(table, label, id_column, time, features, needs_label)
    said, labels = [], None
    found = text_column(table, text, [label] if label else [])
    said.append(found.announcement("text", "--text"))
    values = table.column(found.column)
    warnings: list[str] = []
    if needs_label:
        guess = label_column(table, label, [found.column])
        said.append(guess.announcement("label", "--label"))
        if guess.column == found.column:
            raise DataError(f"{table.source}: {guess.column!r} is both the text and the label.")
        labels = table.column(guess.column)
        warnings = checks.about_columns(table, guess.column, [found.column])
    kept = _kept(table, found.column, labels, said, skip_empty, level)
    rows = [values[row] for row in kept]
    rows = [row if isinstance(row, list) else str(row) for row in rows]
    names = [str(row) for row in rows]
    chosen = None if labels is None else [labels[row] for row in kept]
    columns = {"text": found.column}
    if needs_label:
        columns["label"] = guess.column
    return Labelled(rows, chosen, names, columns, said, warnings)


def _kept(
    table: Table,
    column: str,
    labels: list[Any] | None,
    said: list[str],
    skip_empty: bool,
    level: str,
) -> list[int]:
    """The rows that have a text and a label.

    Raises:
        DataError: for the first that has not, unless those are skipped.
    """
    encoder = TextEncoder(level)
    label_name = next((n for n in table.names if table.columns[n] is labels), None)
    kept, faults = [], []
    for row, value in enumerate(table.column(column)):
        text = "" if value is None else value
        empty = not text if isinstance(text, list) else not encoder.tokens(str(text)[:500])
        if empty and not isinstance(text, list):
            empty = not encoder.tokens(str(text))
        if empty:
            faults.append(f"{table.where(row, column)}: the text is empty")
        elif labels is not None and (labels[row] is None or not str(labels[row]).strip()):
            faults.append(f"{table.where(row, label_name)}: the label is missing")
        else:
            kept.append(row)
    if faults and not skip_empty:
        more = f" ({len(faults):,} rows are like that)" if len(faults) > 1 else ""
        raise DataError(f"{faults[0]}{more}; --skip-empty leaves such rows out.")
    if faults:
        said.append(f"left out: {len(faults):,} rows without text or label, first {faults[0]}")
    if not kept:
        raise DataError(f"{table.source} has no row with a text.")
    return kept


def _from_steps(
    table: Table,
    label: str | None,
    id_column: str,
    time: str | None,
    features: list[str] | None,
    needs_label: bool,
) -> Labelled:
    said = [f"sequences: one for each {id_column!r}"]
    when = time_column(table, time, [id_column, *([label] if label else [])])
    said.append(when.announcement("time", "--time") if when else "time: the order of the rows")
    taken = [id_column, *([when.column] if when else []), *(features or [])]
    guess = label_column(table, label, taken) if needs_label else None
    if guess is not None:
        said.append(guess.announcement("label", "--label"))
        _check_labels(table, guess.column)
    found = sequences_from_table(
        table, id_column, when.column if when else None, guess.column if guess else None, features
    )
    said.append(f"features: {', '.join(map(repr, found.features))}")
    warnings = []
    if found.unsorted:
        warnings.append(f"unsorted: {found.unsorted:,} sequences were put in the order of time")
    if guess is not None:
        warnings += checks.about_columns(table, guess.column, found.features)
    columns: dict[str, Any] = {"id_column": id_column, "features": found.features}
    if when is not None:
        columns["time"] = when.column
    if guess is not None:
        columns["label"] = guess.column
    return Labelled(found.sequences, found.labels, found.names, columns, said, warnings)


def _check_labels(table: Table, name: str) -> None:
    for row, value in enumerate(table.column(name)):
        if value is None or not str(value).strip():
            raise DataError(f"{table.where(row, name)}: the label is missing.")
