"""`leftfold classify`: how it is called. What it does is in `leftfold.cli.classifying`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leftfold.cli.options import (
    Delimiter,
    Encoding,
    Epochs,
    Format,
    InputFormat,
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

app = task_app("Texts or numeric sequences to classes: train, evaluate, predict, explain.")

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="CSV, TSV, JSON lines, Parquet, .txt, a folder of texts by class, or - for stdin.",
    ),
]
Text = Annotated[
    str | None, typer.Option("--text", help="Column with the texts, or lists of numbers.")
]
Label = Annotated[str | None, typer.Option("--label", help="Column with the classes.")]
Id = Annotated[
    str | None,
    typer.Option("--id", help="Column that tells sequences apart: one row is then one step."),
]
SkipEmpty = Annotated[
    bool, typer.Option("--skip-empty", help="Leave out rows without text or label.")
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
    test: Annotated[
        str | None, typer.Option(help="Other data to judge by, instead of a part of DATA.")
    ] = None,
    test_share: Annotated[
        float, typer.Option(help="Share of DATA to judge by.", min=0.01, max=0.9)
    ] = 0.2,
    cell: Annotated[
        str,
        typer.Option(
            help="simple_rnn, gru, lstm, bidirectional, embedding, convolution, default; auto "
            "tries them all."
        ),
    ] = "default",
    level: Annotated[str, typer.Option(help="Texts by word or character.")] = "word",
    vectors: Annotated[
        Path | None,
        typer.Option(help="Pretrained word vectors: GloVe, fastText .vec, word2vec text or .bin."),
    ] = None,
    tune_vectors: Annotated[
        bool, typer.Option("--tune-vectors", help="Let training change them.")
    ] = False,
    units: Annotated[
        int | None, typer.Option(help="Of the recurrence; 32, or 128 by character, else.", min=1)
    ] = None,
    longest: Annotated[
        int | None, typer.Option(help="Steps that are read; by the lengths else.", min=1)
    ] = None,
    epochs: Epochs = None,
    time_limit: TimeLimit = None,
    balanced: Annotated[
        bool, typer.Option("--balanced", help="Rare classes count as much as frequent ones.")
    ] = False,
    classes: Annotated[
        str | None, typer.Option(help="Only rows of these classes, separated by commas.")
    ] = None,
    seed: Seed = 0,
    threads: Threads = None,
    input_format: InputFormat = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    skip_empty: SkipEmpty = False,
    format: Format = None,
    quiet: Quiet = False,
) -> None:
    """Train a classifier, and judge it beside simpler ones on rows that nothing was chosen by.

    \b
    Examples:
      leftfold classify train reviews.csv --text review --label sentiment --report report.html
      leftfold classify train aclImdb/train --test aclImdb/test --classes pos,neg
      leftfold classify train reviews.csv --vectors glove.6B.100d.txt --cell auto --time-limit 120
      leftfold classify train steps.csv --id patient --time hour --label outcome
      zcat tweets.jsonl.gz | leftfold classify train - --input-format jsonl

    Ctrl-C saves the best model so far, and ends with exit code 130.
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli import classifying

    classifying.train(
        classifying.Source(
            data, text, label, id_column, time, input_format, encoding, delimiter, skip_empty
        ),
        test,
        test_share,
        None if classes is None else classes.split(","),
        dict(
            cell=cell, level=level, vectors=vectors, tune_vectors=tune_vectors, units=units,
            longest=longest, epochs=epochs, time_limit=time_limit, balanced=balanced, seed=seed,
            verbose=0 if quiet else "auto",
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
    input_format: InputFormat = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    skip_empty: SkipEmpty = False,
    format: Format = None,
    output: Output = None,
) -> None:
    """Give each row its most probable class, and the probability of each class.

    \b
    Examples:
      leftfold classify predict model.leftfold new.csv --text review -o classes.csv
      echo "What a film!" | leftfold classify predict model.leftfold - --input-format txt
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli import classifying

    source = classifying.Source(
        data, text, None, id_column, time, input_format, encoding, delimiter, skip_empty
    )
    classifying.predict(model, source, format, output)


@app.command("evaluate")
def evaluate(
    model: ModelFile,
    data: Data,
    text: Text = None,
    label: Label = None,
    id_column: Id = None,
    time: Time = None,
    input_format: InputFormat = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    skip_empty: SkipEmpty = False,
    format: Format = None,
    output: Output = None,
) -> None:
    """Judge a trained classifier by other labelled data.

    \b
    Examples:
      leftfold classify evaluate model.leftfold test.csv --text review --label sentiment
      leftfold classify evaluate model.leftfold aclImdb/test --format jsonl
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli import classifying

    source = classifying.Source(
        data, text, label, id_column, time, input_format, encoding, delimiter, skip_empty
    )
    classifying.evaluate(model, source, format, output)


@app.command("explain")
def explain(
    model: ModelFile,
    texts: Annotated[list[str], typer.Argument(metavar="TEXT...", help="Texts to explain.")],
    target: Annotated[
        str | None, typer.Option("--class", help="The class; the predicted one by default.")
    ] = None,
    format: Format = None,
) -> None:
    """Show in colour what each word contributes: blue for the class, orange against it.

    \b
    Examples:
      leftfold classify explain model.leftfold "It starts slowly, but in the end I cried."
      leftfold classify explain model.leftfold "Not bad." --format csv
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli import classifying

    classifying.explain(model, texts, target, format)
