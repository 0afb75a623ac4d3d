"""The report on a forecaster: the forecast over the truth, and whether it is worth anything."""

from __future__ import annotations

import json
import platform
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold._version import __version__
from leftfold.engine import config, kernels
from leftfold.models.drawing import model_to_dot
from leftfold.tasks.forecasting.backtest import NETWORK, WITHOUT, Backtest, SeriesResult
from leftfold.tasks.forecasting.baselines import PERSISTENCE, SMOOTHING
from leftfold.tasks.forecasting.times import told
from leftfold.tasks.report import figures
from leftfold.tasks.report.page import Page

if TYPE_CHECKING:
    from leftfold.tasks.forecasting.forecaster import Forecaster

_MOST_SERIES = 6
_MOST_STEPS = 90
_MANY = 12
_FEW_ORIGINS = 10


def forecast_page(forecaster: Forecaster, found: Backtest, facts: dict[str, str]) -> Page:
    """The whole report.

    Args:
        forecaster: as it was judged.
        found: its backtest.
        facts: how it was called and on which data, by name.
    """
    count = len(found.series)
    page = Page(
        "Forecast report",
        f"{facts.get('Source', 'data')}: {count:,} series, {forecaster.horizon:,} "
        f"step{'s' * (forecaster.horizon > 1)} ahead, judged on what came from "
        f"{found.test_begins} on",
    )
    _headline(page, found)
    _forecasts(page, forecaster, found)
    _results(page, forecaster, found)
    _residuals(page, forecaster, found)
    _training(page, forecaster)
    _data(page, forecaster, found)
    _model(page, forecaster)
    _reproduce(page, forecaster, facts)
    return page


def _headline(page: Page, found: Backtest) -> None:
    table = found.table
    at = {name: row for row, name in enumerate(table["model"])}
    best = found.best_baseline
    cards = [
        (f"{table['sMAPE'][at[NETWORK]]:.2f} %", "sMAPE of the network",
         f"persistence {table['sMAPE'][at[PERSISTENCE]]:.2f} %"),
        (f"{table['MASE'][at[NETWORK]]:.3f}", "MASE of the network",
         f"best baseline: {best}, {table['MASE'][at[best]]:.3f}"),
    ]  # fmt: skip
    for share, covered in found.coverages.items():
        cards.append(
            (f"{covered:.0%}", f"of truths in {share:.0%} intervals", "covered in the test part")
        )
    page.figures_of_merit(cards[:5])
    for verdict in found.verdicts:
        words = verdict.split()
        kind = "good" if words[2] == "beats" else "bad" if words[2] == "loses" else "warning"
        page.callout(verdict, kind)
    if found.one_step_warning:
        page.callout(found.one_step_warning, "warning")
    for warning in cautions(found):
        page.callout(warning, "warning")


def cautions(found: Backtest) -> list[str]:
    """What speaks against trusting the figures, a sentence each."""
    origins = sum(len(one.origins) for one in found.series)
    some = []
    if origins < 5:
        some.append(
            f"The test part has only {origins} origin{'s' * (origins > 1)} to forecast from: the "
            "figures may be chance. Give more data, or a shorter horizon."
        )
    if SMOOTHING not in found.models:
        some.append(
            "Exponential smoothing is missing among the baselines: "
            'pip install "leftfold[forecast]".'
        )
    for share, covered in found.coverages.items():
        if abs(covered - share) > 0.05 and origins >= 5:
            some.append(
                f"The {share:.0%} intervals covered {covered:.1%} of the truths in the test part: "
                + (
                    "they are too narrow there."
                    if covered < share
                    else "they are wider than need be."
                )
            )
    return some


def _axis(one: SeriesResult) -> np.ndarray:
    if one.times.dtype.kind == "M" and not np.any(np.isnat(one.times)):
        return one.times.astype("datetime64[s]").astype(object)
    return one.times if one.times.dtype.kind != "M" else np.arange(len(one.values))


def _forecasts(page: Page, forecaster: Forecaster, found: Backtest) -> None:
    page.section("Forecasts over the truth")
    if forecaster.horizon == 1:
        page.text(
            "Each point was forecast one step ahead, from all values before it. Persistence, the "
            "value one step before, is drawn beside: look whether the network does anything else."
        )
    else:
        page.text(
            f"Forecasts of {forecaster.horizon:,} steps from the last origin that has all of them "
            "behind it. The bands hold what their share of truths should lie in."
        )
    for one in _chosen(found):
        draw = _one_step if forecaster.horizon == 1 else _many_steps
        page.figure(draw(one, found), f"{one.name}")
    if len(found.series) > _MOST_SERIES:
        page.text(
            f"{_MOST_SERIES} of {len(found.series):,} series: from the best forecast to the worst, "
            "evenly by their error against that of the naive forecast."
        )


def _chosen(found: Backtest) -> list[SeriesResult]:
    """All series, or some from the best forecast to the worst."""
    if len(found.series) <= _MOST_SERIES:
        return found.series
    errors = [np.nanmean(np.abs(s.truth - s.forecasts[NETWORK])) / s.scale for s in found.series]
    order = np.argsort(errors)
    places = np.linspace(0, len(order) - 1, _MOST_SERIES).round().astype(int)
    return [found.series[i] for i in order[places]]


def _bands(axis: Any, x: Any, quantiles: np.ndarray, levels: list[float]) -> None:
    count = len(levels)
    for low in range(count // 2):
        high = count - 1 - low
        axis.fill_between(
            x, quantiles[:, low], quantiles[:, high], color=figures.PALETTE[0], linewidth=0,
            alpha=0.16, label=f"{levels[high] - levels[low]:.0%} interval",
        )  # fmt: skip


def _legend(axis: Any) -> None:
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=5, fontsize=9)


def _many_steps(one: SeriesResult, found: Backtest) -> str:
    row = int(np.flatnonzero(~np.isnan(one.truth).all(axis=1))[-1])
    origin, horizon = int(one.origins[row]), one.truth.shape[1]
    begin = max(0, origin - max(3 * horizon, 36))
    stamps = _axis(one)
    end = min(len(stamps), origin + 1 + horizon)
    ahead = stamps[origin + 1 : end]
    steps = len(ahead)
    with figures.drawing(7.2, 3.3) as drawn:
        axis = drawn.axis
        _bands(axis, ahead, one.quantiles[row, :steps], found.levels)
        axis.plot(
            stamps[begin:end], one.values[begin:end], color="#010203", linewidth=1.3, label="truth"
        )
        axis.plot(
            ahead, one.forecasts[NETWORK][row, :steps], color=figures.PALETTE[0], label="network"
        )
        other = found.best_baseline
        forecast = one.forecasts[other][row, :steps]
        axis.plot(ahead, forecast, color=figures.PALETTE[5], linestyle="--", label=other)
        axis.axvline(stamps[origin], color="#010203", linewidth=1, linestyle=":")
        _legend(axis)
    return drawn.svg


def _one_step(one: SeriesResult, found: Backtest) -> str:
    chosen = np.arange(len(one.origins))[-_MOST_STEPS:]
    stamps = _axis(one)[one.origins[chosen] + 1]
    with figures.drawing(7.2, 3.6) as drawn:
        axis = drawn.axis
        _bands(axis, stamps, one.quantiles[chosen, 0], found.levels)
        axis.plot(stamps, one.truth[chosen, 0], color="#010203", linewidth=1.3, label="truth")
        axis.plot(
            stamps, one.forecasts[NETWORK][chosen, 0], color=figures.PALETTE[0], label="network"
        )
        axis.plot(stamps, one.forecasts[PERSISTENCE][chosen, 0], color=figures.PALETTE[5],
                  linestyle="--", linewidth=1.1, label="persistence")  # fmt: skip
        _legend(axis)
    return drawn.svg


def _results(page: Page, forecaster: Forecaster, found: Backtest) -> None:
    page.section("Results beside what must be beaten")
    origins = sum(len(one.origins) for one in found.series)
    page.text(
        f"Rolling origin: from {origins:,} origins in the test part, each with all values before "
        "it known, nothing fitted to any value behind the beginning of the test part. All models "
        "are judged on the same origins. Errors of MASE are in units of the mean change over a "
        "season in training; intervals of gains are bootstrap intervals of 1,000 drawings of whole "
        "series or of blocks of origins."
    )
    table = found.table
    rows = [["" if v is None else v for v in row] for row in zip(*table.values(), strict=True)]
    page.table([name.replace("coverage", "in") for name in table], rows, strong_rows=[0])
    gains = [(name, found.gain(name)) for name in table["model"][1:]]
    page.table(
        ["the network's errors against", "are smaller by", "95 % interval"],
        [
            [
                name,
                f"{100 * gain.value:+.1f} %",
                f"{100 * gain.low:+.1f} % to {100 * gain.high:+.1f} %",
            ]
            for name, gain in gains
        ],
    )
    page.figure(
        figures.bars(table["model"], table["MASE"], "MASE, less is better", strong=[0]),
        "Mean absolute scaled error.",
    )
    share = forecaster.share_
    page.text(
        f"'{WITHOUT}' is what the network starts from ({_most_frequent(forecaster.bases_)}). On "
        f"the validation part, {share:.0%} of its corrections did best, and so much is used."
    )
    if forecaster.horizon > 1:
        steps = {}
        for name in (NETWORK, PERSISTENCE, found.best_baseline):
            wrong = [np.abs(s.truth - s.forecasts[name]) / s.scale for s in found.series]
            steps[name] = list(np.nanmean(np.concatenate(wrong), axis=0))
        page.figure(figures.lines(steps, "steps ahead", "scaled error"), "Error by distance.")


def _most_frequent(bases: dict[str, str]) -> str:
    counts = Counter(bases.values()).most_common(3)
    if len(bases) == 1:
        return counts[0][0]
    return "; ".join(f"{name} for {count:,} series" for name, count in counts)


def _residuals(page: Page, forecaster: Forecaster, found: Backtest) -> None:
    page.section("Residuals")
    first = [(s.truth[:, 0] - s.forecasts[NETWORK][:, 0]) / s.scale for s in found.series]
    every = np.concatenate(
        [((s.truth - s.forecasts[NETWORK]) / s.scale).ravel() for s in found.series]
    )
    every = every[~np.isnan(every)]
    with figures.drawing(7.2, 3.0, columns=2) as drawn:
        left, right = drawn.axes
        far = np.quantile(np.abs(every), 0.995) + 1e-12
        left.hist(
            np.clip(every, -far, far),
            bins=min(50, max(8, len(every) // 6)),
            color=figures.PALETTE[0],
        )
        left.axvline(0, color="#010203", linewidth=1, linestyle=":")
        left.set(xlabel="truth less forecast, scaled", ylabel="forecasts")
        longest = max(first, key=len)
        many = len(longest) < _FEW_ORIGINS
        shown = np.concatenate(first) if many else longest
        right.plot(np.arange(1, len(shown) + 1), shown, ".", color=figures.PALETTE[0], markersize=4)
        right.axhline(0, color="#010203", linewidth=1, linestyle=":")
        right.set(xlabel="series" if many else "origin", ylabel="one step ahead, scaled")
    order = "one series after the other" if many else "by time, of the series with most origins"
    page.figure(
        drawn.svg,
        f"Left all residuals, mean {np.mean(every):+.3f}; right those one step ahead, {order}.",
    )
    if forecaster.horizon > 1:
        lines: dict[str, Any] = {}
        for low in range(len(found.levels) // 2):
            high = len(found.levels) - 1 - low
            inside = [
                np.where(
                    np.isnan(s.truth),
                    np.nan,
                    (s.truth >= s.quantiles[..., low]) & (s.truth <= s.quantiles[..., high]),
                )
                for s in found.series
            ]
            lines[f"{found.levels[high] - found.levels[low]:.0%} interval"] = list(
                np.nanmean(np.concatenate(inside), axis=0)
            )
        page.figure(
            figures.lines(lines, "steps ahead", "share of truths inside"), "Coverage by distance."
        )


def _training(page: Page, forecaster: Forecaster) -> None:
    page.section("Training")
    for number, training in enumerate(forecaster.trainings_, 1):
        history = training.history
        if not history.get("loss"):
            page.text(f"Network {number}: training was ended before its first epoch.")
            continue
        names = {"loss": "training", "val_loss": "validation"}
        losses = {names[n]: history[n] for n in names if n in history}
        page.figure(
            figures.lines(losses, "epoch", "pinball loss", None, training.best_epoch + 1, "kept"),
            f"Network {number} of {len(forecaster.trainings_)}: the weights of epoch "
            f"{training.best_epoch + 1} were kept; {training.seconds:.1f} s, ended by: "
            f"{training.ended_by}.",
        )
    learnt, judged = forecaster.windows_
    page.text(
        f"{learnt:,} windows of {forecaster.window_} steps to learn from, {judged:,} of the "
        "validation part to stop by, none of the test part."
    )


def _data(page: Page, forecaster: Forecaster, found: Backtest) -> None:
    page.section("Data")
    for note in forecaster.notes_:
        page.text(note)
    season = forecaster.season_length_
    page.text(f"Season: {season} steps." if season > 1 else "No season was looked for.")
    lengths = np.array([len(one.values) for one in found.series])
    if len(lengths) >= _MANY:
        page.figure(
            figures.histogram(lengths, "values", "series", forecaster.window_,
                              f"window of {forecaster.window_} steps"),
            "Lengths of the series. The network reads a window of that many steps before each "
            "origin; where a series is shorter, the window begins with zeros.",
        )  # fmt: skip
    rows = [
        [s.name, len(s.values), int(np.count_nonzero(np.isnan(s.values))), told(s.times[0]),
         told(s.times[s.begin]), told(s.times[-1]), forecaster.bases_.get(s.name, "")]
        for s in found.series[:50]
    ]  # fmt: skip
    header = ["series", "values", "gaps", "from", "test from", "to", "starts from"]
    more = f"The first 50 of {len(found.series):,}." if len(found.series) > 50 else ""
    page.table(header, rows, more)


def _model(page: Page, forecaster: Forecaster) -> None:
    page.section("Model")
    model = forecaster.model_
    members = [layer for layer in model.layers if hasattr(layer, "layers")]
    page.text(
        f"{model.count_params():,} parameters"
        + (
            f" in {len(members)} networks like this one, whose forecasts are averaged."
            if members
            else "."
        )
    )
    drawn = members[0] if members else model
    page.figure(
        model_to_dot(drawn, show_shapes=True, show_layer_names=True).to_svg(), "The network."
    )


def _reproduce(page: Page, forecaster: Forecaster, facts: dict[str, str]) -> None:
    page.section("To do it again")
    params = json.dumps(forecaster.get_params(), indent=1, default=str)
    page.code("\n".join(f"{name}: {value}" for name, value in facts.items()))
    page.text(
        f"Leftfold {__version__}, Python {platform.python_version()}, NumPy {np.__version__}, "
        f"{kernels.isa()} kernels, {config.threads()} threads, {platform.platform()}. The same "
        "seed gives the same bits on this kind of processor, whatever the number of threads."
    )
    page.details("Settings", params)
