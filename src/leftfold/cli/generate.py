"""`leftfold generate`: learn from a text, write on, judge."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from leftfold.callbacks import Callback
from leftfold.cli.errors import UserError
from leftfold.cli.tasks import (
    begin_training,
    check_writable,
    emit,
    one_line_errors,
    output_format,
    say,
)
from leftfold.tasks.errors import DataError
from leftfold.tasks.text.corpus import Corpus, read_corpus
from leftfold.tasks.text.evaluation import TextEvaluation
from leftfold.tasks.text.report import Told, build_report, warnings
from leftfold.tasks.text_generator import TextGenerator

_SAMPLE = 300


class TimeLeft(Callback):
    """Says on stderr how training goes and how long it will take, live on a terminal.

    Args:
        time_limit: seconds of training at most, or `None`.
        epochs: how many there will be at most, or `None`.
    """

    def __init__(self, time_limit: float | None, epochs: int | None) -> None:
        super().__init__()
        self.time_limit = time_limit
        self.epochs = epochs
        self.live = sys.stderr.isatty()
        self.started = self.told = time.monotonic()
        self.epoch = 0
        self.validation = ""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if time.monotonic() - self.told >= (0.2 if self.live else 10):
            self._tell(logs or {}, batch)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.validation = f", validation {(logs or {})['val_loss']:.4f}"

    def on_train_end(self, logs: Any = None) -> None:
        if self.live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def _tell(self, logs: dict[str, float], batch: int) -> None:
        self.told = now = time.monotonic()
        used = now - self.started
        steps = (self.params or {}).get("steps") or 0
        shares = [used / self.time_limit] if self.time_limit else []
        if self.epochs and steps:
            shares.append((self.epoch + (batch + 1) / steps) / self.epochs)
        done = max(min(max(shares, default=0.0), 1.0), 1e-6)
        left = used * (1 - done) / done
        line = (
            f"epoch {self.epoch + 1}, loss {logs.get('loss', float('nan')):.4f}{self.validation}"
            f" - {done:4.0%}, {_duration(left)} left at most"
        )
        end = "" if self.live else "\n"
        print(f"\r\033[K{line}" if self.live else line, end=end, file=sys.stderr, flush=True)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def train(
    source: str,
    model: Path,
    report: Path | None,
    column: str | None,
    encoding: str | None,
    held_out: str | float,
    threads: int | None,
    format: str | None,
    quiet: bool,
    settings: dict[str, Any],
) -> None:
    """Learn from a text, judge by its end or by another, save.

    Args:
        source: the text.
        model: where the network goes.
        report: where the report goes, if one is wanted.
        column: of a table, with the texts.
        encoding: of text files.
        held_out: the share of the text, its end, to judge by; or the source of another text.
        threads: for the kernels.
        format: of the results.
        quiet: no progress.
        settings: of `TextGenerator`.

    Raises:
        UserError: for what the user can mend.
        KeyboardInterrupt: after saving the best so far.
    """
    begin_training(model, report, format, threads)
    with one_line_errors():
        corpus = read_corpus(source, column, encoding)
        if isinstance(held_out, str):
            text, test = corpus.text, read_corpus(held_out, column, encoding).text
        else:
            text, test = _cut(corpus, held_out)
        _announce(corpus, text, test, settings)
        writer = TextGenerator(**settings)
        progress = [] if quiet else [TimeLeft(writer.time_limit, writer.epochs)]
        writer.fit(text, callbacks=progress)
        writer.save(model)
    done = f"{writer.training_.seconds:.1f} s, {writer.model.count_params():,} parameters"
    if writer.training_.ended_by == "interrupt":
        say(f"Stopped after {done}. The best so far is saved as {model}.")
        raise KeyboardInterrupt
    say(f"Trained in {done}. Saved as {model}.")
    if not test:
        say("Nothing was held out (--test-share 0), so there is no result.")
        return
    with one_line_errors():
        judged = writer.evaluate(test, text)
        _show(judged, format)
        for warning in warnings(writer, judged, len(text)):
            say(f"Warning: {warning}")
        if report is not None:
            command = shlex.join(["leftfold", *sys.argv[1:]])
            build_report(writer, Told(corpus.source, text, test, judged, command)).save(report)
            say(f"Report: {report}")
    say(f"\nIt writes {writer.tokens_per_second:,.0f} {writer.unit}s per second, such as these:\n")
    say(writer.sample("", _SAMPLE if writer.unit == "character" else 60, 0.8, seed=0).strip())
    say(f"\nMore: leftfold generate sample {shlex.quote(str(model))}")


def _cut(corpus: Corpus, share: float) -> tuple[str, str]:
    """The text to learn from, and its end, which is held out."""
    end = round(len(corpus.text) * (1 - share))
    text, test = corpus.text[:end], corpus.text[end:]
    if share and not test.strip():
        raise DataError(f"{corpus.source} is too short to hold {share:.0%} of it out.")
    return text, test


def _announce(corpus: Corpus, text: str, test: str, settings: dict[str, Any]) -> None:
    if corpus.remark:
        say(f"{corpus.source}: {corpus.remark}.")
    limit = settings["time_limit"]
    time = f"at most {limit:g} s" if limit is not None else "no limit on time"
    say(
        f"{len(text):,} characters to learn from, {len(test):,} held out; by "
        f"{settings['unit']}, cell {settings['cell']}, {time}."
    )


def _show(judged: TextEvaluation, format: str | None, output: Path | None = None) -> None:
    rows = [*judged.references, judged.model]
    columns: dict[str, list[Any]] = {
        "model": [row.name for row in rows],
        "nats_per_char": [row.nats for row in rows],
        "bits_per_char": [row.bits for row in rows],
        "perplexity": [row.perplexity for row in rows],
    }
    emit(columns, format, output, title=f"{judged.characters:,} characters, held out")
    say(judged.verdict())


def evaluate(
    model: Path,
    source: str,
    train_source: str | None,
    column: str | None,
    encoding: str | None,
    format: str | None,
    output: Path | None,
    report: Path | None,
) -> None:
    """Judge a saved writer on a text it has not seen.

    Raises:
        UserError: for what the user can mend.
    """
    check_writable(output, "--output")
    check_writable(report, "--report")
    output_format(format, output)
    if report is not None and train_source is None:
        raise UserError("--report expected --train, the text that the network learnt from.")
    with one_line_errors():
        writer = TextGenerator.load(model)
        text = read_corpus(source, column, encoding)
        train_text = None
        if train_source is not None:
            train_text = read_corpus(train_source, column, encoding).text
        judged = writer.evaluate(text.text, train_text)
        _show(judged, format, output)
        if judged.unknown > 0:
            say(f"{judged.unknown:.2%} of the tokens are unknown; they are charged by letter.")
        if report is not None and train_text is not None:
            command = shlex.join(["leftfold", *sys.argv[1:]])
            told = Told(text.source, train_text, text.text, judged, command)
            build_report(writer, told).save(report)
            say(f"Report: {report}")


def sample(
    model: Path,
    prompts: Sequence[str],
    length: int,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    beams: int | None,
    count: int,
    seed: int | None,
    format: str | None,
    output: Path | None,
) -> None:
    """Write on after prompts, on the terminal letter by letter.

    Raises:
        UserError: for what the user can mend.
    """
    check_writable(output, "--output")
    with one_line_errors():
        writer = TextGenerator.load(model)
        texts = [_standard_input() if prompt == "-" else prompt for prompt in prompts or [""]]
        many = [prompt for prompt in texts for _ in range(count)]
        if len(many) == 1 and beams is None and format is None and output is None:
            pieces = writer.stream(many[0], length, temperature, top_k, top_p, seed)
            _stream(many[0], pieces, writer.unit, length)
            return
        output_format(format, output)
        settings: dict[str, Any] = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
        if beams is not None:
            settings = {"beams": beams}
        writer.stepper()
        started = time.perf_counter()
        written = writer.sample(many, length, seed=seed, **settings)
    speed = len(many) * length / (time.perf_counter() - started)
    if format is None and output is None:
        for prompt, text in zip(many, written, strict=True):
            _write(f"{prompt}{text}\n\n")
    else:
        emit({"prompt": many, "text": written}, format, output)
    say(f"{speed:,.0f} {writer.unit}s per second.")


def _standard_input() -> str:
    text = sys.stdin.buffer.read().decode("utf-8", "replace")
    return text.removesuffix("\n")


def _stream(prompt: str, pieces: Iterator[str], unit: str, length: int) -> None:
    started = time.perf_counter()
    _write(prompt)
    for piece in pieces:
        _write(piece)
    _write("\n")
    say(f"{length / (time.perf_counter() - started):,.0f} {unit}s per second.")


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has seen enough
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
        raise SystemExit(0) from None
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
