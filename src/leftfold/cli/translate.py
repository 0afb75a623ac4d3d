"""`leftfold translate`: how it is called. What it does is in `leftfold.cli.translating`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leftfold.cli.options import (
    Delimiter,
    Encoding,
    Epochs,
    Format,
    ModelFile,
    Output,
    Quiet,
    Report,
    Seed,
    Threads,
    TrainedModel,
    task_app,
)

app = task_app("Sentences into others, learnt from pairs: train, predict, evaluate.")

Data = Annotated[
    list[str],
    typer.Argument(
        metavar="DATA...",
        help="Two files with a sentence a line, or one table (TSV, CSV, JSON lines, Parquet), or "
        "- for stdin.",
    ),
]
Source = Annotated[
    str | None, typer.Option("--source", help="Column to read: a name, or a number without names.")
]
Target = Annotated[str | None, typer.Option("--target", help="Column to write, likewise.")]
Header = Annotated[
    bool | None,
    typer.Option("--header/--no-header", help="Whether a table begins with names; guessed else."),
]
Input = Annotated[
    str | None,
    typer.Option("--input-format", help="txt, csv, tsv, jsonl, parquet; by the ending else."),
]
SkipEmpty = Annotated[
    bool, typer.Option("--skip-empty", help="Leave out pairs of which a side is empty.")
]
TooLong = Annotated[
    str | None,
    typer.Option(
        help="What happens to sentences that are too long: keep, truncate or refuse; as in "
        "training else."
    ),
]
Beams = Annotated[
    int | None, typer.Option(help="Hypotheses to follow; 1 takes the likeliest part.", min=1)
]


@app.command("train")
def train(
    data: Data,
    output: TrainedModel = Path("model.leftfold"),
    source: Source = None,
    target: Target = None,
    header: Header = None,
    report: Report = None,
    validation: Annotated[
        list[str] | None,
        typer.Option(help="Other data to stop by; give it twice for two files."),
    ] = None,
    test: Annotated[
        list[str] | None,
        typer.Option(help="Other data to judge by; give it twice for two files."),
    ] = None,
    test_share: Annotated[
        float, typer.Option(help="Share of DATA to judge by.", min=0.001, max=0.9)
    ] = 0.1,
    source_language: Annotated[
        str | None, typer.Option(help="Two-letter code, tells where words end; guessed else.")
    ] = None,
    target_language: Annotated[str | None, typer.Option(help="Likewise.")] = None,
    unit: Annotated[str, typer.Option(help="subword, word or character.")] = "subword",
    vocabulary: Annotated[
        int | None, typer.Option(help="Different parts at most; by the unit else.", min=1)
    ] = None,
    joint: Annotated[bool, typer.Option("--joint", help="One vocabulary for both sides.")] = False,
    lowercase: Annotated[
        bool, typer.Option("--lowercase", help="Case does not count, and is not written.")
    ] = False,
    longest: Annotated[int, typer.Option(help="Parts of a sentence at most.", min=1)] = 100,
    too_long: Annotated[
        str, typer.Option(help="What happens to longer ones: keep, truncate or refuse.")
    ] = "refuse",
    cell: Annotated[str, typer.Option(help="gru, lstm or simple_rnn.")] = "gru",
    units: Annotated[int, typer.Option(help="Of each layer.", min=2)] = 384,
    layers: Annotated[int, typer.Option(help="On each side.", min=1)] = 1,
    attention: Annotated[
        str,
        typer.Option(help="luong-general, luong-dot, luong-concat, bahdanau or none."),
    ] = "luong-general",
    dropout: Annotated[float, typer.Option(help="Share dropped in training.", min=0)] = 0.3,
    monitor: Annotated[
        str, typer.Option(help="What an epoch is judged by: loss, or figure (BLEU).")
    ] = "figure",
    minutes: Annotated[
        float,
        typer.Option(help="Of training at most; less when there is no more to gain.", min=0.001),
    ] = 24.0,
    epochs: Epochs = None,
    beams: Annotated[int, typer.Option(help="Hypotheses to follow in writing.", min=1)] = 5,
    seed: Seed = 0,
    threads: Threads = None,
    input_format: Input = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    skip_empty: SkipEmpty = False,
    format: Format = None,
    quiet: Quiet = False,
) -> None:
    """Learn from pairs, and judge beside simpler ways on pairs that nothing was chosen by.

    \b
    Another language:
      leftfold translate train train.de train.en --validation val.de --validation val.en \\
        --test test.de --test test.en --lowercase --report report.html
      leftfold translate train fra.txt --input-format tsv --source 2 --target 1 --minutes 10
    Answers to what was said:
      leftfold translate train chat.csv --source said --target answered --unit word
    Right spelling, dates as the standard has them, names in other letters:
      leftfold translate train typos.tsv --unit character --minutes 5
      leftfold translate train dates.csv --source written --target iso --unit character
      leftfold translate train names.tsv --unit character --source russian --target english

    Ctrl-C saves the best model so far, and ends with exit code 130.
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli import translating
    from leftfold.tasks.translation.files import Layout

    translating.train(
        data,
        Layout(source, target, header, input_format, encoding, delimiter, skip_empty),
        validation or [],
        test or [],
        test_share,
        dict(
            unit=unit, vocabulary=vocabulary, joint=joint, lowercase=lowercase, longest=longest,
            source_language=source_language, target_language=target_language,
            too_long=too_long, cell=cell, units=units, layers=layers,
            attention=None if attention.lower() == "none" else attention, dropout=dropout,
            monitor=monitor, time_limit=minutes * 60, epochs=epochs, beams=beams, seed=seed,
        ),
        output,
        report,
        format,
        threads,
        quiet,
    )  # fmt: skip


@app.command("predict")
def predict(
    model: ModelFile,
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="A sentence a line, or a table; stdin by default.")
    ] = "-",
    source: Source = None,
    header: Header = None,
    beams: Beams = None,
    temperature: Annotated[
        float, typer.Option(help="Draw instead of taking the likeliest; 0 does not.", min=0)
    ] = 0.0,
    top_k: Annotated[int | None, typer.Option(help="Draw from so many of the likeliest.")] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Draw from the likeliest with this probability together.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of what is drawn.", min=0)] = None,
    too_long: TooLong = None,
    input_format: Input = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    format: Annotated[
        str | None, typer.Option(help="lines, table, csv or jsonl; by --output's ending else.")
    ] = None,
    output: Output = None,
    threads: Threads = None,
) -> None:
    """Translate sentences, one a line. An empty line stays empty.

    \b
    Examples:
      echo "Ein Mann schläft." | leftfold translate predict model.leftfold
      leftfold translate predict model.leftfold test.de -o test.en
      leftfold translate predict model.leftfold chat.csv --source said --format jsonl
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli import translating
    from leftfold.tasks.translation.files import Layout

    layout = Layout(source, None, header, input_format, encoding, delimiter)
    drawing = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
    settings = {"beams": beams, **drawing}
    translating.predict(model, data, layout, settings, too_long, format, output, threads)


@app.command("evaluate")
def evaluate(
    model: ModelFile,
    data: Data,
    train: Annotated[
        list[str] | None,
        typer.Option(help="What it learnt from, for a table of words to be beaten; twice for two."),
    ] = None,
    source: Source = None,
    target: Target = None,
    header: Header = None,
    beams: Beams = None,
    too_long: TooLong = None,
    report: Report = None,
    input_format: Input = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    skip_empty: SkipEmpty = False,
    format: Format = None,
    output: Output = None,
    threads: Threads = None,
) -> None:
    """Judge a trained translator by other pairs.

    \b
    Examples:
      leftfold translate evaluate model.leftfold test.de test.en --report report.html
      leftfold translate evaluate model.leftfold test.de test.en --train train.de --train train.en
      leftfold translate evaluate model.leftfold more.tsv --beams 1 --format jsonl
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli import translating
    from leftfold.tasks.translation.files import Layout

    layout = Layout(source, target, header, input_format, encoding, delimiter, skip_empty)
    translating.evaluate(
        model, data, train or [], layout, beams, too_long, report, format, output, threads
    )
