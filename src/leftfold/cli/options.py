"""Options that the commands of the tasks have in common, each said once.

A new task makes its group of commands by `task_app` and takes from here what its commands share
with others; what is its own it says itself. Options of data that only tables have are here, too.

Example:
    >>> app = task_app("Texts to labels: train, predict.")
    >>> @app.command("train")
    ... def train(model: ModelFile, threads: Threads = None, quiet: Quiet = False) -> None:
    ...     pass
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

LARGEST_SEED = 2**32 - 1

ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="What train wrote.")]
TrainedModel = Annotated[
    Path, typer.Option("--output", "-o", "--model", help="Where the trained model goes.")
]
InputFormat = Annotated[
    str | None,
    typer.Option(
        "--input-format",
        help="csv, tsv, jsonl or parquet, txt or folder where texts are read; guessed else.",
    ),
]
Time = Annotated[str | None, typer.Option("--time", help="Column that orders the steps.")]
Encoding = Annotated[str | None, typer.Option(help="Of text files; UTF-8 unless marked.")]
Delimiter = Annotated[str | None, typer.Option(help="Between the fields of CSV; guessed else.")]
Format = Annotated[str | None, typer.Option(help="Of results: table, csv or jsonl.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="File for the results; stdout else.")
]
Report = Annotated[
    Path | None, typer.Option(help="Write a report: one HTML file that needs no network.")
]
Epochs = Annotated[int | None, typer.Option(help="Passes over the data at most.", min=1)]
TimeLimit = Annotated[float | None, typer.Option(help="Seconds of training at most.", min=0)]
Seed = Annotated[int, typer.Option(help="Of splits, weights and order.", min=0, max=LARGEST_SEED)]
Threads = Annotated[int | None, typer.Option(help="Processors to use; all by default.", min=1)]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress.")]


def task_app(help: str) -> typer.Typer:
    """A group of commands that shows its help when none of them is named."""
    app = typer.Typer(help=help, rich_markup_mode=None)

    @app.callback(invoke_without_command=True)
    def start(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            print(context.get_help())

    return app
