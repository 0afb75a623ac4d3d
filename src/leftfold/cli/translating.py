"""What the commands of `leftfold translate` do."""

from __future__ import annotations

import dataclasses
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from leftfold.cli.errors import UserError
from leftfold.cli.generate import TimeLeft
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
from leftfold.engine import config
from leftfold.saving.archive import replacing
from leftfold.tasks.errors import DataError
from leftfold.tasks.translation import Translation, Translator, translate
from leftfold.tasks.translation.evaluation import judge_translator
from leftfold.tasks.translation.files import (
    Layout,
    Read,
    is_table,
    read_pairs,
    read_sources,
)
from leftfold.tasks.translation.languages import check_language

_MOST_SHOWN = 5


def train(
    paths: Sequence[str],
    layout: Layout,
    validation: Sequence[str],
    test: Sequence[str],
    test_share: float,
    settings: dict[str, Any],
    output: Path,
    report: Path | None,
    format: str | None,
    threads: int | None,
    quiet: bool,
) -> None:
    """Learn from pairs, judge, save.

    Args:
        paths: one table or two files.
        layout: how to read them.
        validation: other data to stop by, if any.
        test: other data to judge by, if any.
        test_share: of the pairs, to judge by, without `test`.
        settings: of `Translator`.
        output: where the model goes.
        report: where the report goes, if one is wanted.
        format: of the results.
        threads: for the kernels.
        quiet: no progress.

    Raises:
        UserError: for what the user can mend.
        KeyboardInterrupt: after saving the best so far.
    """
    begin_training(output, report, format, threads)
    if all(len(files) == 2 for files in (paths, validation, test) if files):
        _refuse_columns(layout, "two files of sentences")
    with one_line_errors():
        for side in ("source", "target"):
            check_language(f"--{side}-language", settings[f"{side}_language"])
        found = read_pairs(paths, layout)
        _announce(found, settings)
        same = _same_columns(layout, found)
        translator = Translator(**settings)
        with kept_on_interrupt(translator, output, found.columns):
            result = translate(
                *found.pairs,
                test=tuple(read_pairs(test, same).pairs) if test else None,  # type: ignore[arg-type]
                validation=tuple(read_pairs(validation, same).pairs) if validation else None,  # type: ignore[arg-type]
                translator=translator,
                test_share=test_share,
                source=" and ".join(source_name(path) for path in paths),
                callbacks=[] if quiet else [TimeLeft(settings["time_limit"], settings["epochs"])],
            )
        translator.columns_ = found.columns
        translator.save(output)
    _tell(result, format, None)
    _examples(result)
    if report is not None:
        result.facts = _facts(paths)
        with one_line_errors():
            result.report(report)
        say(f"Report: {report}")
    say(f"Saved as {output}. Translate: leftfold translate predict {shlex.quote(str(output))}")


def _refuse_columns(layout: Layout, found: str) -> None:
    """Complain about options that only tables understand."""
    given = {
        "--source": layout.source,
        "--target": layout.target,
        "--header": layout.header,
        "--delimiter": layout.delimiter,
    }
    for option, value in given.items():
        if value is not None:
            raise UserError(f"{option} is about a table with columns, got {found}.")


def _announce(found: Read, settings: dict[str, Any]) -> None:
    """Say what was found, and take the languages of the files where none are named."""
    for line in found.said:
        say(line)
    for side, code in zip(("source", "target"), found.languages, strict=True):
        if code is not None and settings[f"{side}_language"] is None:
            settings[f"{side}_language"] = code
            say(f"{side} language: {code}, by its name (another: --{side}-language CODE)")


def _same_columns(layout: Layout, found: Read) -> Layout:
    """The layout, with the columns that were found in the training data."""
    if not found.columns:
        return layout
    return dataclasses.replace(
        layout, source=found.columns["source"], target=found.columns["target"]
    )


def _facts(paths: Sequence[str]) -> dict[str, str]:
    """How the program was called, and on which files."""
    facts = {}
    for path in paths:
        found = source_facts(path)
        facts["Command"] = found["Command"]
        if "Data" in found:
            facts[f"Data {source_name(path)}"] = found["Data"]
    return facts


def _tell(result: Translation, format: str | None, output: Path | None) -> None:
    translator = result.translator
    for line in translator.describe():
        say(line)
    training = translator.training_
    say(
        f"training: {training.seconds:.0f} s, {len(training.history.get('loss', []))} epochs, the "
        f"best {training.best_epoch + 1}, {translator.tokens_per_second_:,.0f} target "
        f"{translator.unit}s a second"
    )
    title = f"{len(result.test.sources):,} test sentences"
    emit(result.table(), format, output, title)
    for warning in result.warnings:
        say(f"Warning: {warning}.")
    say(result.verdict())


def _examples(result: Translation) -> None:
    say("\nThe first test sentences:")
    rows = zip(*result.test, result.network.predicted, strict=True)
    for source, target, said in list(rows)[:_MOST_SHOWN]:
        say(f"  {source}\n    {said}\n    (right: {target})")
    say("")


def predict(
    model: Path,
    path: str,
    layout: Layout,
    settings: dict[str, Any],
    too_long: str | None,
    format: str | None,
    output: Path | None,
    threads: int | None,
) -> None:
    """Translate sentences.

    Raises:
        UserError: for what the user can mend.
    """
    check_writable(output, "--output")
    plain = format == "lines" or (format is None and not _is_table(output))
    if not plain:
        output_format(format, output)
    if threads is not None:
        config.set_threads(threads)
    if settings["temperature"] > 0 and (settings["beams"] or 1) > 1:
        raise UserError("--beams expected 1 where --temperature draws.")
    for name in ("top_k", "top_p", "seed"):
        if settings["temperature"] == 0 and settings[name] is not None:
            option = f"--{name.replace('_', '-')}"
            raise UserError(f"{option} expected a --temperature above 0: nothing is drawn without.")
    if not is_table(path, layout):
        _refuse_columns(layout, "a sentence a line (--input-format csv reads a table)")
    with one_line_errors():
        translator = _loaded(model, too_long=too_long)
        if layout.source is None and translator.columns_:
            layout = dataclasses.replace(layout, source=translator.columns_["source"])
        found = read_sources(path, layout)
        sources = found.pairs.sources
        if not any(text.strip() for text in sources):
            raise DataError(f"{source_name(path)} has no sentences.")
        for row, size in translator.refused(sources):
            raise DataError(
                f"{found.places[row]}: {size:,} {translator.unit}s, more than the "
                f"{translator.longest} that are translated; --too-long truncate reads the first "
                f"{translator.longest}, keep reads all."
            )
        written = translator.translate(sources, **settings)
    for line in found.said:
        say(line)
    _strange(translator, sources)
    if plain:
        _lines([one.text for one in written], output)
        return
    columns: dict[str, Sequence[Any]] = {
        "source": sources,
        "translation": [one.text for one in written],
        "log_probability": [one.log_probability for one in written],
    }
    emit(columns, format, output)


def _loaded(model: Path, **settings: Any) -> Translator:
    """A saved translator, with other settings where they are not `None`."""
    translator = Translator.load(model)
    translator.set_params(**{name: value for name, value in settings.items() if value is not None})
    translator.check_settings()
    return translator


def _is_table(output: Path | None) -> bool:
    return output is not None and output.suffix.lower() in (".csv", ".jsonl", ".json", ".ndjson")


def _lines(lines: Sequence[str], output: Path | None) -> None:
    text = "".join(f"{line}\n" for line in lines)
    if output is not None:
        with one_line_errors(), replacing(output) as file:
            file.write(text.encode("utf-8", "replace"))
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has seen enough
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _strange(translator: Translator, sources: Sequence[str]) -> None:
    """Say what the vocabulary does not have, and which lines are empty."""
    empty = sum(not text.strip() for text in sources)
    if empty:
        say(f"{empty:,} of {len(sources):,} lines are empty, and stay so.")
    places = []
    total = 0
    for line, text in enumerate(sources, 1):
        ids = translator.source_.encode(text)
        total += len(ids)
        pieces = translator.source_.pieces(text)
        places += [(line, pieces[place]) for place in translator.source_.unknown(ids)]
    if places:
        line, piece = places[0]
        say(
            f"{len(places):,} of {total:,} {translator.unit}s are not in the vocabulary, first "
            f"{piece!r} in line {line}."
        )


def evaluate(
    model: Path,
    paths: Sequence[str],
    train_paths: Sequence[str],
    layout: Layout,
    beams: int | None,
    too_long: str | None,
    report: Path | None,
    format: str | None,
    output: Path | None,
    threads: int | None,
) -> None:
    """Judge a saved translator by other pairs.

    Raises:
        UserError: for what the user can mend.
    """
    check_writable(output, "--output")
    check_writable(report, "--report")
    output_format(format, output)
    if threads is not None:
        config.set_threads(threads)
    if all(len(files) == 2 for files in (paths, train_paths) if files):
        _refuse_columns(layout, "two files of sentences")
    with one_line_errors():
        translator = _loaded(model, beams=beams, too_long=too_long)
        if layout.source is None and layout.target is None and translator.columns_:
            layout = dataclasses.replace(layout, **translator.columns_)
        found = read_pairs(paths, layout)
        for line in found.said:
            say(line)
        train = read_pairs(train_paths, layout).pairs if train_paths else None
        name = " and ".join(source_name(path) for path in paths)
        result = judge_translator(translator, found.pairs, train, name)
    _tell(result, format, output)
    if report is not None:
        result.facts = _facts(paths)
        with one_line_errors():
            result.report(report)
        say(f"Report: {report}")
