"""What `leftfold vectors evaluate` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.cli.errors import UserError
from leftfold.cli.tasks import check_writable, emit, output_format, say
from leftfold.cli.vectors import load, parse_settings, settings_for, vector_errors
from leftfold.tasks.labelled import labelled_rows
from leftfold.tasks.tables import read_table
from leftfold.vectors import METHODS, Corpus, evaluation
from leftfold.vectors.analogies import RULES
from leftfold.vectors.comparison import Judgement, Labelled
from leftfold.vectors.comparison import compare as compare_methods
from leftfold.vectors.word_lists import Pair, read_pairs, read_questions

_TEST_SHARE = 0.2


@dataclass(frozen=True)
class Lists:
    """What to judge by, as it is asked for."""

    questions: Path | None
    pairs: Sequence[Path]
    probe: str | None
    probe_test: str | None
    text: str | None
    label: str | None
    rule: str
    seed: int

    def judgement(self) -> Judgement:
        """The lists, read.

        Raises:
            UserError: when there is nothing to judge by.
        """
        if self.rule not in RULES:
            raise UserError(f"--rule expected one of {', '.join(RULES)}, got {self.rule!r}.")
        if self.questions is None and not self.pairs and self.probe is None:
            raise UserError("name what to judge by: --analogies, --similarity or --probe.")
        train = test = None
        if self.probe is not None:
            train, test = self._probe(self.probe)
        questions = read_questions(self.questions) if self.questions is not None else None
        pairs: dict[str, Sequence[Pair]] = {path.stem: read_pairs(path) for path in self.pairs}
        return Judgement(questions, pairs, train, test, self.rule, self.seed)

    def _probe(self, source: str) -> tuple[Labelled, Labelled]:
        texts, labels = self._labelled(source)
        if self.probe_test is not None:
            return (texts, labels), self._labelled(self.probe_test)
        order = np.random.default_rng(self.seed).permutation(len(texts))
        cut = max(1, round(_TEST_SHARE * len(texts)))
        test, train = order[:cut].tolist(), order[cut:].tolist()
        return (
            ([texts[row] for row in train], [labels[row] for row in train]),
            ([texts[row] for row in test], [labels[row] for row in test]),
        )

    def _labelled(self, source: str) -> tuple[list[str], list[Any]]:
        found = labelled_rows(read_table(source), self.text, self.label)
        for line in found.said:
            say(line)
        return [str(row) for row in found.rows], list(found.labels or [])


def evaluate(
    files: Sequence[Path],
    lists: Lists,
    sections: bool,
    most: int | None,
    skip: bool,
    format: str | None,
    output: Path | None,
) -> None:
    """Judge files of vectors, a row for each; with `sections`, one for each section."""
    _check(format, output)
    if not files:
        raise UserError("name files of vectors, or a --corpus to compare methods on.")
    with vector_errors():
        judgement = lists.judgement()
        rows: list[dict[str, Any]] = []
        for file in files:
            vectors = load(file, most, skip)
            if sections and judgement.questions is not None:
                rows += [
                    {
                        "vectors": file.name,
                        "section": section.name,
                        "questions": section.questions,
                        "known": section.known,
                        "accuracy": section.accuracy,
                    }
                    for section in evaluation.analogies(vectors, judgement.questions, lists.rule)
                ]
            else:
                sizes = {"words": len(vectors), "dimensions": vectors.dimensions}
                rows.append({"vectors": file.name, **sizes, **judgement.of(vectors)})
    _emit(rows, format, output)


def compare(
    corpus: str,
    column: str | None,
    files: Sequence[Path],
    methods: Sequence[str],
    dimensions: int,
    settings: Sequence[str],
    seeds: int,
    lists: Lists,
    format: str | None,
    output: Path | None,
) -> None:
    """Train methods on one corpus and judge them beside each other."""
    _check(format, output)
    if files:
        raise UserError("give files of vectors or a --corpus, not both.")
    with vector_errors():
        wanted = {"dimensions": dimensions, **parse_settings(settings)}
        chosen = {}
        for name in methods:
            if "dimensions" not in METHODS[name].settings() or METHODS[name].reads == "file":
                raise UserError(f"{name} makes no vectors out of texts to compare.")
            has = METHODS[name].settings()
            chosen[name] = settings_for(name, {k: v for k, v in wanted.items() if k in has})
        unused = [key for key in wanted if all(key not in some for some in chosen.values())]
        if unused:
            raise UserError(f"none of {', '.join(methods)} has a setting {unused[0]!r}.")
        judgement = lists.judgement()
        texts = Corpus(corpus, column=column)
        encoded = texts.encoded()
        say(f"{corpus}: {len(encoded):,} texts, {len(encoded.ids):,} tokens")
        rows = compare_methods(texts, chosen, judgement, seeds, say)
    _emit(rows, format, output)


def _check(format: str | None, output: Path | None) -> None:
    output_format(format, output)
    check_writable(output, "--output")


def _emit(rows: Sequence[dict[str, Any]], format: str | None, output: Path | None) -> None:
    if output_format(format, output) == "table":
        rows = [_brief(row) for row in rows]
    names = list(dict.fromkeys(name for row in rows for name in row))
    emit({name: [row.get(name, "") for row in rows] for name in names}, format, output)


def _brief(row: dict[str, Any]) -> dict[str, Any]:
    """A row with each figure, its interval and what it counts in one column."""
    parts = ("low", "high", "known", "all")
    found = {}
    for name, value in row.items():
        of, _, part = name.rpartition(" ")
        if part in parts and of in row:
            continue
        low, high, known, whole = (row.get(f"{name} {part}") for part in parts)
        told = f"{value:.3f}" if low is not None or known is not None else value
        if low is not None:
            told += f" ({low:.3f} to {high:.3f})"
        if known is not None:
            told += f", {known:,} of {whole:,}"
        found[name] = told
    return found
