"""`leftfold generate train | sample | predict | evaluate`: how they are called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leftfold.cli.options import (
    LARGEST_SEED,
    Encoding,
    Epochs,
    Format,
    ModelFile,
    Output,
    Quiet,
    Report,
    Seed,
    Threads,
    TimeLimit,
    TrainedModel,
    task_app,
)

generate_app = task_app("Texts: learn from one, go on writing, judge by its held-out end.")

Source = Annotated[
    str,
    typer.Argument(
        metavar="TEXT",
        help="A text file; a folder of .txt files; a CSV, TSV, JSON lines or Parquet file; - for "
        "standard input.",
    ),
]
Column = Annotated[
    str | None,
    typer.Option("--text", "--column", help="The column of a table with the texts; guessed else."),
]
Choices = Annotated[
    int | None, typer.Option("--seed", help="Fixes the choices.", min=0, max=LARGEST_SEED)
]


@generate_app.command("train")
def train(
    text: Source,
    model: TrainedModel = Path("writer.leftfold"),
    report: Report = None,
    unit: Annotated[
        str, typer.Option(help="What a token is: character, word or subword.")
    ] = "character",
    cell: Annotated[
        str, typer.Option(help="lstm, gru, simple_rnn, or auto: the best of them, in equal time.")
    ] = "lstm",
    units: Annotated[int, typer.Option(help="Of each recurrent layer.", min=1)] = 512,
    layers: Annotated[int, typer.Option(help="How many recurrent layers.", min=1)] = 1,
    dropout: Annotated[float, typer.Option(help="Share of outputs dropped in training.")] = 0.2,
    vocabulary: Annotated[int, typer.Option(help="Different tokens at most.", min=2)] = 10_000,
    window: Annotated[
        int | None, typer.Option(help="Tokens that gradients go back; by the unit else.", min=1)
    ] = None,
    minutes: Annotated[
        float, typer.Option(help="Of training at most, unless --time-limit says it in seconds.")
    ] = 5.0,
    time_limit: TimeLimit = None,
    epochs: Epochs = None,
    test: Annotated[
        str | None, typer.Option(help="Another text to judge by, instead of the end of TEXT.")
    ] = None,
    test_share: Annotated[
        float, typer.Option(help="Share of the text, its end, to judge by.", min=0, max=0.9)
    ] = 0.1,
    column: Column = None,
    encoding: Encoding = None,
    format: Format = None,
    seed: Seed = 0,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Learn from a text, judge by its end beside counts of letters or words, save.

    The last tenth is held out and looked at once. Ctrl-C saves the best so far.

    \b
    Examples:
      leftfold generate train shakespeare.txt --minutes 3
      leftfold generate train novels/ --unit word -o novels.leftfold --report report.html
      leftfold generate train reviews.csv --text review --unit subword --cell auto
      cat *.md | leftfold generate train - --minutes 1
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.generate import train as run

    settings = {
        "unit": unit,
        "cell": cell,
        "units": units,
        "layers": layers,
        "dropout": dropout,
        "vocabulary": vocabulary,
        "window": window,
        "epochs": epochs,
        "time_limit": minutes * 60 if time_limit is None else time_limit,
        "seed": seed,
    }
    held_out = test if test is not None else test_share
    run(text, model, report, column, encoding, held_out, threads, format, quiet, settings)


@generate_app.command("sample")
@generate_app.command("predict", hidden=True)
def sample(
    model: ModelFile,
    prompts: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PROMPT]...", help="Texts to go on after; - is standard input."),
    ] = None,
    length: Annotated[int, typer.Option(help="Tokens to write.", min=0)] = 500,
    temperature: Annotated[
        float, typer.Option(help="0 always takes the likeliest token, 1 draws by probability.")
    ] = 0.8,
    top_k: Annotated[int | None, typer.Option(help="Draw from so many of the likeliest.")] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Draw from the likeliest with this probability together.")
    ] = None,
    beams: Annotated[
        int | None, typer.Option(help="Search for the likeliest text with so many beams.")
    ] = None,
    count: Annotated[int, typer.Option(help="Texts for each prompt.", min=1)] = 1,
    seed: Choices = None,
    format: Format = None,
    output: Output = None,
) -> None:
    """Go on writing after a prompt, shown as it is written; also called predict.

    \b
    Examples:
      leftfold generate sample writer.leftfold "ROMEO:"
      leftfold generate sample writer.leftfold "ROMEO:" "JULIET:" --count 5 --format jsonl
      leftfold generate sample writer.leftfold --temperature 0.5 --top-p 0.9 --seed 1
      leftfold generate sample writer.leftfold "To be" --beams 8 --length 60
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.generate import sample as run

    run(model, prompts or (), length, temperature, top_k, top_p, beams, count, seed, format, output)


@generate_app.command("evaluate")
def evaluate(
    model: ModelFile,
    text: Source,
    train: Annotated[
        str | None,
        typer.Option(help="The text that was learnt from, to count runs of tokens in as well."),
    ] = None,
    column: Column = None,
    encoding: Encoding = None,
    format: Format = None,
    output: Output = None,
    report: Report = None,
) -> None:
    """Judge a saved network on a text that it has not seen.

    \b
    Examples:
      leftfold generate evaluate writer.leftfold unseen.txt
      leftfold generate evaluate writer.leftfold unseen.txt --train learnt.txt --format jsonl
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli.generate import evaluate as run

    run(model, text, train, column, encoding, format, output, report)
