"""`leftfold tag`: how it is called. What it does is in `leftfold.cli.tagging`."""

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
    Time,
    TimeLimit,
    TrainedModel,
    task_app,
)

app = task_app(
    "A label for every word of a sentence or step of a series: train, evaluate, predict."
)

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="One token a line with blank lines between sentences (.conll, .conllu, .iob, .txt), "
        "or a table (CSV, TSV, JSON lines, Parquet), or - for stdin.",
    ),
]
Text = Annotated[
    str | None,
    typer.Option(
        "--text", help="Column with the tokens: a name, or a number where there are none."
    ),
]
Label = Annotated[
    str | None,
    typer.Option("--label", help="Column with the labels, likewise; -1 is the last of each line."),
]
Id = Annotated[
    str | None, typer.Option("--id", help="Column that tells the sequences of a table apart.")
]
Input = Annotated[
    str | None,
    typer.Option("--input-format", help="conll, csv, tsv, jsonl, parquet; by the ending else."),
]


@app.command("train")
def train(
    data: Data,
    output: TrainedModel = Path("model.leftfold"),
    text: Text = None,
    label: Label = None,
    id_column: Id = None,
    time: Time = None,
    report: Report = None,
    validation: Annotated[
        str | None, typer.Option(help="Other data to stop by, instead of a tenth of DATA.")
    ] = None,
    test: Annotated[
        str | None, typer.Option(help="Other data to judge by, instead of a part of DATA.")
    ] = None,
    test_share: Annotated[
        float, typer.Option(help="Share of DATA to judge by.", min=0.01, max=0.9)
    ] = 0.2,
    cell: Annotated[str, typer.Option(help="simple_rnn, gru or lstm.")] = "lstm",
    units: Annotated[
        int | None,
        typer.Option(help="Of each direction; 64 for tokens, 32 for numbers, else.", min=1),
    ] = None,
    depth: Annotated[int, typer.Option(help="Recurrent layers.", min=1)] = 1,
    window: Annotated[
        int, typer.Option(help="Steps that training reads at a time; predictions read all.", min=1)
    ] = 200,
    epochs: Epochs = None,
    time_limit: TimeLimit = None,
    balanced: Annotated[
        bool, typer.Option("--balanced", help="Rare labels count as much as frequent ones.")
    ] = False,
    seed: Seed = 0,
    threads: Threads = None,
    input_format: Input = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    format: Format = None,
    quiet: Quiet = False,
) -> None:
    """Train a tagger, and judge it beside simpler ones on sequences that nothing was chosen by.

    Labels such as B-PER, I-PER, O (IOB2) or S-PER, E-PER (IOBES) name spans, which are judged as
    a whole; all others name single steps.

    \b
    Examples:
      leftfold tag train train.conll --validation dev.conll --test test.conll --report report.html
      leftfold tag train treebank.conllu --label 4
      leftfold tag train steps.csv --id patient --time hour --label phase
      leftfold tag train words.csv --id sentence --text token --label tag

    Ctrl-C saves the best model so far, and ends with exit code 130.
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli import tagging

    tagging.train(
        tagging.Source(data, text, label, id_column, time, input_format, encoding, delimiter),
        validation,
        test,
        test_share,
        dict(
            cell=cell, units=units, depth=depth, window=window, epochs=epochs,
            time_limit=time_limit, balanced=balanced, seed=seed, verbose=0 if quiet else "auto",
        ),
        output,
        report,
        format,
        threads,
    )  # fmt: skip


@app.command("predict")
def predict(
    model: ModelFile,
    data: Data,
    text: Text = None,
    id_column: Id = None,
    time: Time = None,
    input_format: Input = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    format: Format = None,
    output: Output = None,
) -> None:
    """Give each token or step its label, and how probable that is.

    \b
    Examples:
      leftfold tag predict model.leftfold new.conll -o labels.csv
      printf 'We\\nleft\\nRome\\n' | leftfold tag predict model.leftfold - --input-format conll
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli import tagging

    source = tagging.Source(data, text, None, id_column, time, input_format, encoding, delimiter)
    tagging.predict(model, source, format, output)


@app.command("evaluate")
def evaluate(
    model: ModelFile,
    data: Data,
    text: Text = None,
    label: Label = None,
    id_column: Id = None,
    time: Time = None,
    input_format: Input = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    format: Format = None,
    output: Output = None,
) -> None:
    """Judge a trained tagger by other labelled data.

    \b
    Examples:
      leftfold tag evaluate model.leftfold test.conll
      leftfold tag evaluate model.leftfold more.csv --label phase --format jsonl
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli import tagging

    source = tagging.Source(data, text, label, id_column, time, input_format, encoding, delimiter)
    tagging.evaluate(model, source, format, output)
