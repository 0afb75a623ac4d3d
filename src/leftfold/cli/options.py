"""Options that the commands of several tasks have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="What train wrote.")]
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
