"""What a `Forecaster` keeps: into plain data and back, and series that go on."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from leftfold.tasks.errors import DataError
from leftfold.tasks.files import TaskFile
from leftfold.tasks.forecasting.choosing import Candidate
from leftfold.tasks.forecasting.series import Panel, Series
from leftfold.tasks.forecasting.times import Frequency
from leftfold.tasks.forecasting.windows import Scaler
from leftfold.tasks.training import Training

if TYPE_CHECKING:
    from leftfold.tasks.forecasting.forecaster import Forecaster


def last_known(values: np.ndarray) -> np.ndarray:
    """Values with gaps filled by the value before, at the beginning by the first one."""
    known = ~np.isnan(values)
    at = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    found: np.ndarray = values[np.where(at < 0, np.argmax(known), at)]
    return found


def with_future(panel: Panel, covariates: Any) -> tuple[Panel, int]:
    """One series with covariates `(steps, F)` of the steps behind its end, and their number."""
    rows = np.asarray(covariates, float)
    rows = rows[:, None] if rows.ndim == 1 else rows
    width = panel.series[0].future.shape[1]
    if len(panel) != 1 or rows.ndim != 2:
        raise DataError(
            "predict expected a number of steps, or for one series covariates (steps, F), got "
            f"shape {rows.shape} for {len(panel)} series."
        )
    if width and rows.shape[1] != width:
        raise DataError(f"predict expected {width} covariates a step, got {rows.shape[1]}.")
    one = panel.series[0]
    if not width:
        return panel, len(rows)
    known = np.concatenate([one.future[: len(one)], rows])
    return panel.with_series([replace(one, future=known)]), len(rows)


def check_known_ahead(panel: Panel, steps: int) -> None:
    """Complain where covariates end before the steps to forecast do."""
    for one in panel.series:
        there = len(one.future) - len(one)
        if one.future.shape[1] and there < steps:
            raise DataError(
                f"{one.name!r} needs the covariates of {steps} steps behind its end, there are "
                f"{there}: add rows with them and without a value, or pass them to predict."
            )


def extended(panel: Panel, data: Any, y: Any) -> tuple[Panel, list[int]]:
    """The series with values that follow, and where these begin."""
    ends = [len(one) for one in panel.series]
    if isinstance(data, Panel):
        by_name = {one.name: one for one in panel.series}
        grown = [_joined(by_name[one.name], one) for one in data.series if one.name in by_name]
        return panel.with_series(grown), [len(by_name[one.name]) for one in grown]
    values = np.asarray(data if y is None else y, float)
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or values.shape[1] != len(panel):
        raise DataError(
            f"expected the values that follow on {len(panel)} series, got shape {values.shape}."
        )
    rows = np.zeros((len(values), 0))
    if y is not None and data is not None:
        rows = np.asarray(data, float).reshape(len(values), -1)
    grown = []
    for one, new in zip(panel.series, values.T, strict=True):
        times = panel.frequency.at(one.times[-1], np.arange(1, len(new) + 1))
        width = one.future.shape[1]
        future = (
            np.concatenate([one.future[: len(one)], rows])
            if width
            else np.zeros((len(one) + len(new), 0))
        )
        past = np.concatenate([one.past, np.repeat(one.past[-1:], len(new), 0)])
        stamps = np.concatenate([one.times, times.astype(one.times.dtype)])
        grown.append(Series(one.name, np.concatenate([one.values, new]), stamps, past, future))
    return panel.with_series(grown), ends


def _joined(one: Series, more: Series) -> Series:
    return Series(
        one.name,
        np.concatenate([one.values, more.values]),
        np.concatenate([one.times, more.times]),
        np.concatenate([one.past, more.past]),
        np.concatenate([one.future[: len(one)], more.future]),
    )


def packed(forecaster: Forecaster) -> TaskFile:
    """A fitted forecaster as plain data, arrays and a model."""
    panel = forecaster.panel_
    numbers = panel.series[0].times.dtype.kind != "M"
    times = np.concatenate([one.times for one in panel.series])
    arrays = {
        "spread": forecaster.spread_,
        "resting": forecaster.resting_,
        "margins": forecaster.margins_,
        "past_mean": forecaster.past_.mean,
        "past_spread": forecaster.past_.spread,
        "future_mean": forecaster.future_.mean,
        "future_spread": forecaster.future_.spread,
        "values": np.concatenate([one.values for one in panel.series]),
        "times": times if numbers else times.astype("datetime64[ms]").astype(np.int64),
        "past": np.concatenate([one.past for one in panel.series]),
        "future": np.concatenate([one.future for one in panel.series]),
        "lengths": np.array([len(one) for one in panel.series]),
        "future_lengths": np.array([len(one.future) for one in panel.series]),
    }
    state = {
        "levels": forecaster.levels_,
        "season_length": forecaster.season_length_,
        "window": forecaster.window_,
        "share": forecaster.share_,
        "windows": list(forecaster.windows_),
        "bases": forecaster.bases_,
        "notes": forecaster.notes_,
        "trained_until": forecaster.trained_until_,
        "frequency": [panel.frequency.unit, panel.frequency.step],
        "value_name": panel.value_name,
        "past_names": list(panel.past_names),
        "future_names": list(panel.future_names),
        "source": panel.source,
        "candidates": [asdict(candidate) for candidate in forecaster.candidates_],
        "trainings": [
            [t.history, t.best_epoch, t.seconds, t.ended_by] for t in forecaster.trainings_
        ],
    }
    params = {**forecaster.get_params(), "quantiles": list(forecaster.quantiles)}
    names = [one.name for one in panel.series]
    return TaskFile("Forecaster", params, state, forecaster.model_, names, arrays)


def unpack(forecaster: Forecaster, content: TaskFile) -> None:
    """Give a forecaster what `packed` wrote down."""
    state, arrays = content.state, content.arrays
    forecaster.levels_ = [float(q) for q in state["levels"]]
    forecaster.season_length_ = int(state["season_length"])
    forecaster.window_ = int(state["window"])
    forecaster.share_ = float(state["share"])
    forecaster.windows_ = (int(state["windows"][0]), int(state["windows"][1]))
    forecaster.bases_ = dict(state["bases"])
    forecaster.trained_until_ = {k: float(v) for k, v in state["trained_until"].items()}
    forecaster.notes_ = list(state["notes"])
    forecaster.trainings_ = [Training(*one) for one in state["trainings"]]
    forecaster.candidates_ = [Candidate(**one) for one in state["candidates"]]
    forecaster.spread_, forecaster.resting_ = arrays["spread"], arrays["resting"]
    forecaster.margins_ = arrays["margins"]
    forecaster.past_ = Scaler(arrays["past_mean"], arrays["past_spread"])
    forecaster.future_ = Scaler(arrays["future_mean"], arrays["future_spread"])
    forecaster.model_ = content.model
    forecaster.compiled_ = None
    forecaster._ready = None
    unit, step = state["frequency"]
    times = arrays["times"]
    times = times.astype("datetime64[ms]") if times.dtype.kind == "i" else times
    ends = np.cumsum(arrays["lengths"])[:-1]
    future_ends = np.cumsum(arrays["future_lengths"])[:-1]
    columns = (
        content.vocabulary,
        np.split(arrays["values"], ends),
        np.split(times, ends),
        np.split(arrays["past"], ends),
        np.split(arrays["future"], future_ends),
    )
    series = [Series(str(name), *rest) for name, *rest in zip(*columns, strict=True)]
    forecaster.panel_ = Panel(
        series, Frequency(str(unit), float(step)), str(state["value_name"]),
        tuple(state["past_names"]), tuple(state["future_names"]), [], str(state["source"]),
    )  # fmt: skip
