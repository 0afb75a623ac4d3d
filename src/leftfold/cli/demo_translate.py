"""`leftfold demo translate`: from random weights to reading dates in any spelling, in a minute."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from leftfold.cli.generate import TimeLeft
from leftfold.cli.tasks import check_writable, emit, one_line_errors
from leftfold.datasets import written_dates
from leftfold.engine import config
from leftfold.tasks.extras import require
from leftfold.tasks.translation import Translator, translate

EXAMPLES = ("July 20, 1969", "Donnerstag, den 9. November 1989", "le 14 juillet 2026", "12/31/1999")
_PROMPT = "date> "


def demo(
    sentences: Sequence[str],
    seed: int,
    seconds: float,
    save: Path,
    threads: int | None,
    pairs: int,
) -> None:
    """Train on generated dates, judge, save, and answer.

    Args:
        sentences: dates to read; without, what is typed, after some examples.
        seed: of weights, order and dropout. The dates do not depend on it.
        seconds: of training at most.
        save: where the translator goes.
        threads: for the kernels; all processors by default.
        pairs: how many dates to learn from.

    Raises:
        UserError: for what the user can mend.
        KeyboardInterrupt: after saving what has been learnt so far.
    """
    check_writable(save, "--save")
    if threads is not None:
        config.set_threads(threads)
    train, test = written_dates.load_data(pairs)
    print(
        f"Dates made by the program: {len(train[0]):,} to learn from, {len(test[0])} others to "
        f"judge by. One of them: {train[0][0]!r} is {train[1][0]}."
    )
    translator = Translator(
        "character", units=128, embedding=64, dropout=0.1, label_smoothing=0.0, batch_size=64,
        learning_rate=4e-3, time_limit=seconds, epochs=12, longest=60, too_long="truncate", beams=1,
        seed=seed,
    )  # fmt: skip
    with one_line_errors():
        require("sacrebleu", "translate", "Judging translations")
        try:
            progress = [TimeLeft(seconds, translator.epochs)]
            found = translate(*train, test, translator=translator, callbacks=progress)
        except KeyboardInterrupt:
            if translator.__sklearn_is_fitted__():
                translator.save(save)
                print(f"\nStopped. What has been learnt so far is saved as {save}.", flush=True)
            raise
        translator.save(save)
    print(f"Trained in {translator.training_.seconds:.1f} s. Saved as {save}.")
    emit(found.table(), title=f"{len(test[0])} dates that are not in training in any form")
    print(found.verdict() + "\n")
    for sentence in sentences or EXAMPLES:
        _answer(translator, sentence)
    if not sentences:
        for sentence in _typed():
            _answer(translator, sentence)
    print(
        "\nThe same with your own pairs:\n"
        "  leftfold translate train pairs.tsv --unit character\n"
        f"  echo 'May 1, 2030' | leftfold translate predict {save}\n"
    )
    print(f"test exact match: {found.network.exact:.1f}%")


def _answer(translator: Translator, sentence: str) -> None:
    (written,) = translator.predict([sentence])
    unread = sentence[translator.longest :]
    note = f"  (read to {translator.longest} characters)" if unread else ""
    print(f"  {sentence}  ->  {written}{note}", flush=True)


def _typed() -> Iterator[str]:
    """Lines from standard input, asked for on a terminal, until an empty one or the end."""
    asking = sys.stdin.isatty()
    if asking:
        print("\nType a date; an empty line ends.")
    while True:
        if asking:
            print(_PROMPT, end="", flush=True)
        try:
            line = sys.stdin.readline().strip()
        except KeyboardInterrupt:
            print()
            return
        if not line:
            return
        yield line
