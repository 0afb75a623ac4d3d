"""`leftfold forecast`: how it is called. What it does is in `leftfold.cli.forecasting`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Series of values to what comes next: train, evaluate, predict.",
    rich_markup_mode=None,
)

Data = Annotated[
    str,
    typer.Argument(metavar="DATA", help="CSV, TSV, JSON lines or Parquet, or - for stdin."),
]
ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="What train wrote.")]
Time = Annotated[str | None, typer.Option("--time", help="Column of times; guessed else.")]
Value = Annotated[
    list[str] | None,
    typer.Option("--value", help="Column of values; several times for a wide table."),
]
SeriesColumn = Annotated[
    str | None, typer.Option("--series", help="Column that tells series apart, in a long table.")
]
Past = Annotated[
    list[str] | None,
    typer.Option("--past", help="Covariate known up to the present; may be repeated."),
]
Future = Annotated[
    list[str] | None,
    typer.Option(
        "--future",
        help="Covariate known ahead, also in rows without a value at the end; may be repeated.",
    ),
]
Missing = Annotated[
    str, typer.Option(help="Values that are missing: error, or skip to pass over them.")
]
Sort = Annotated[bool, typer.Option("--sort", help="Sort rows that are not in order of time.")]
Input = Annotated[
    str | None, typer.Option("--input-format", help="csv, tsv, jsonl, parquet; guessed else.")
]
Encoding = Annotated[str | None, typer.Option(help="Of text files; UTF-8 unless marked.")]
Delimiter = Annotated[str | None, typer.Option(help="Between the fields of CSV; guessed else.")]
Format = Annotated[str | None, typer.Option(help="Of results: table, csv or jsonl.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="File for the results; stdout else.")
]
Report = Annotated[
    Path | None, typer.Option(help="Write a report: one HTML file that needs no network.")
]
Test = Annotated[
    float | None,
    typer.Option(
        help="Values at the end of each series to judge by, or their share below 1; a fifth, and "
        "the horizon at least, else.",
        min=0,
    ),
]
Threads = Annotated[int | None, typer.Option(help="Processors to use; all by default.", min=1)]


@app.callback(invoke_without_command=True)
def forecast(context: typer.Context) -> None:
    """Without a command, the help."""
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command("train")
def train(
    data: Data,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where the trained model goes.")
    ] = Path("forecast.leftfold"),
    horizon: Annotated[int, typer.Option(help="Steps to forecast.", min=1)] = 12,
    time: Time = None,
    value: Value = None,
    series: SeriesColumn = None,
    past: Past = None,
    future: Future = None,
    report: Report = None,
    test: Test = None,
    method: Annotated[
        str, typer.Option(help="direct: all steps at once; recursive: one after the other.")
    ] = "direct",
    cell: Annotated[str, typer.Option(help="gru, lstm or simple_rnn.")] = "gru",
    units: Annotated[int, typer.Option(help="Of the recurrence.", min=1)] = 24,
    dropout: Annotated[
        float, typer.Option(help="Share of inputs and states hidden in training.", min=0, max=0.9)
    ] = 0.0,
    window: Annotated[
        int | None, typer.Option(help="Steps of history that are read; by the season else.", min=1)
    ] = None,
    season: Annotated[
        int | None, typer.Option(help="Steps in a season, 1 for none; by the times else.", min=1)
    ] = None,
    differencing: Annotated[
        str, typer.Option(help="smoothing, first, seasonal, none; auto: by the training part.")
    ] = "auto",
    log: Annotated[
        bool | None, typer.Option("--log/--no-log", help="Logarithms; by the training part else.")
    ] = None,
    quantile: Annotated[
        list[float] | None, typer.Option(help="To forecast; 0.025, 0.1, 0.9, 0.975 else.")
    ] = None,
    ensemble: Annotated[int, typer.Option(help="Networks to average.", min=1)] = 3,
    epochs: Annotated[int, typer.Option(help="Passes over the data at most.", min=1)] = 60,
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds of training at most.", min=0)
    ] = None,
    seed: Annotated[int, typer.Option(help="Of weights and order.", min=0, max=2**32 - 1)] = 0,
    threads: Threads = None,
    missing: Missing = "error",
    sort: Sort = False,
    input_format: Input = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    format: Format = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Train a forecaster, and judge it beside simple forecasts on values it has not seen.

    \b
    Examples:
      leftfold forecast train sales.csv --horizon 12 --report report.html
      leftfold forecast train shops.csv --series shop --time month --value sales --future holidays
      leftfold forecast train wide.csv --value north --value south --horizon 7 -o regions.leftfold
      leftfold forecast train vix.csv --value close --horizon 1 --test 0.3

    Ctrl-C saves the best model so far, and ends with exit code 130.
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli import forecasting

    source = forecasting.Source(
        data, time, value or [], series, past or [], future or [], missing, sort, input_format,
        encoding, delimiter,
    )  # fmt: skip
    settings = dict(
        horizon=horizon, method=method, cell=cell, units=units, dropout=dropout,
        window=window or "auto", season_length=season or "auto", differencing=differencing,
        log="auto" if log is None else log, ensemble=ensemble, epochs=epochs,
        time_limit=time_limit, missing=missing, random_state=seed,
    )  # fmt: skip
    if quantile:
        settings["quantiles"] = quantile
    forecasting.train(source, settings, output, report, test, format, threads, quiet)


@app.command("predict")
def predict(
    model: ModelFile,
    data: Annotated[
        str | None,
        typer.Argument(metavar="[DATA]", help="Series to forecast from; those of training else."),
    ] = None,
    horizon: Annotated[
        int | None, typer.Option(help="Steps; those of training else.", min=1)
    ] = None,
    time: Time = None,
    value: Value = None,
    series: SeriesColumn = None,
    past: Past = None,
    future: Future = None,
    missing: Missing = "error",
    sort: Sort = False,
    input_format: Input = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    format: Format = None,
    output: Output = None,
) -> None:
    """Forecast what comes behind the end of each series: the median and quantiles of each step.

    \b
    Examples:
      leftfold forecast predict forecast.leftfold
      leftfold forecast predict forecast.leftfold sales-to-date.csv --horizon 3 -o next.csv
      tail -n 200 readings.csv | leftfold forecast predict forecast.leftfold - --format jsonl
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli import forecasting

    source = None
    if data is not None:
        source = forecasting.Source(
            data, time, value or [], series, past or [], future or [], missing, sort,
            input_format, encoding, delimiter,
        )  # fmt: skip
    forecasting.predict(model, source, horizon, format, output)


@app.command("evaluate")
def evaluate(
    model: ModelFile,
    data: Data,
    time: Time = None,
    value: Value = None,
    series: SeriesColumn = None,
    past: Past = None,
    future: Future = None,
    report: Report = None,
    test: Test = None,
    missing: Missing = "error",
    sort: Sort = False,
    input_format: Input = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    format: Format = None,
    output: Output = None,
) -> None:
    """Judge a trained forecaster by values behind those that it was trained on.

    \b
    Examples:
      leftfold forecast evaluate forecast.leftfold sales-a-year-later.csv --report later.html
      leftfold forecast evaluate forecast.leftfold other-shops.csv --series shop --format jsonl
    """  # noqa: D301, the backspace keeps the lines apart
    from leftfold.cli import forecasting

    source = forecasting.Source(
        data, time, value or [], series, past or [], future or [], missing, sort, input_format,
        encoding, delimiter,
    )  # fmt: skip
    forecasting.evaluate(model, source, report, test, format, output)
