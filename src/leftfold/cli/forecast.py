"""`leftfold forecast`: how it is called. What it does is in `leftfold.cli.forecasting`."""

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
    TimeLimit,
    TrainedModel,
    task_app,
)

app = task_app("Series of values to what comes next: train, evaluate, predict.")

Data = Annotated[
    str,
    typer.Argument(metavar="DATA", help="CSV, TSV, JSON lines or Parquet, or - for stdin."),
]
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
Test = Annotated[
    float | None,
    typer.Option(
        help="Values at the end of each series to judge by, or their share below 1; a fifth, and "
        "the horizon at least, else.",
        min=0,
    ),
]


@app.command("train")
def train(
    data: Data,
    output: TrainedModel = Path("forecast.leftfold"),
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
    cell: Annotated[
        str, typer.Option(help="gru, lstm, simple_rnn, convolution, dense; auto: the best of them.")
    ] = "gru",
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
    epochs: Epochs = 60,
    time_limit: TimeLimit = None,
    seed: Seed = 0,
    threads: Threads = None,
    missing: Missing = "error",
    sort: Sort = False,
    input_format: InputFormat = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    format: Format = None,
    quiet: Quiet = False,
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
    input_format: InputFormat = None,
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
    input_format: InputFormat = None,
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
