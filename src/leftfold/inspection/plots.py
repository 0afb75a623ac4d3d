"""Pictures of what `trace`, `gradient_flow` and the like found out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from leftfold.inspection.gradients import GradientFlow
from leftfold.inspection.picture import DIVERGING, PALETTE, Picture, new_figure
from leftfold.inspection.tracing import Recurrence

_MOST_WORDS = 60
"""Words that have room along an axis."""

_KINDS = ("heat", "lines", "both")
_SATURATED = 0.1
"""A gate this close to shut or open counts as saturated."""


def plot_states(
    recurrence: Recurrence,
    words: Sequence[str] | None = None,
    row: int = 0,
    state: str = "hidden",
    units: Sequence[int] | None = None,
    kind: str = "both",
) -> Picture:
    """What a recurrent layer remembers of one sequence, step by step.

    Args:
        recurrence: from a trace.
        words: what stands at each step, written along the axis.
        row: which sequence.
        state: `"hidden"`, or another of `recurrence.states`.
        units: which units to draw as lines; by default the five that change most.
        kind: `"heat"` shows all units as a map, similar ones side by side; `"lines"` some of them
            as lines; `"both"` both.

    Example:
        >>> import leftfold
        >>> from leftfold import inspection, layers
        >>> model = leftfold.Sequential([layers.Input((5, 2)), layers.GRU(8)])
        >>> traced = inspection.trace(model, np.random.default_rng(0).normal(size=(1, 5, 2)))
        >>> picture = plot_states(traced.recurrence, "It was a good film".split())
        >>> len(picture.figure.axes)
        3
    """
    values = _of_row(recurrence.states, state, row, "states")
    steps = _live(recurrence, row)
    values = values[steps]
    if kind not in _KINDS:
        raise ValueError(f"plot_states expected kind to be one of {_KINDS}, got {kind!r}.")
    names = _words(words, recurrence, row)
    drawn = {"heat": ["heat"], "lines": ["lines"], "both": ["heat", "lines"]}[kind]
    height = sum({"heat": _heat_height(values.shape[1]), "lines": 2.6}[part] for part in drawn)
    ratios = [{"heat": _heat_height(values.shape[1]), "lines": 2.6}[part] for part in drawn]
    with new_figure(
        _width(len(values)), height + 0.7, len(drawn), 1,
        sharex=True, squeeze=False, height_ratios=ratios,
    ) as (figure, axes):  # fmt: skip
        for axis, part in zip(axes[:, 0], drawn, strict=True):
            if part == "heat":
                _heat(figure, axis, values, state)
            else:
                _lines(axis, values, units, state)
        axes[0, 0].set_title(f"{recurrence.name or recurrence.cell}: {state} state after each step")
        _write_words(axes[-1, 0], names, len(values))
    return Picture(figure)


def _heat_height(units: int) -> float:
    return float(np.clip(units * 0.09, 1.6, 4.5))


def _heat(figure: Any, axis: Any, values: np.ndarray, state: str) -> None:
    order = _alike_together(values)
    largest = max(float(np.abs(values).max(initial=0)), 1e-6)
    drawn = axis.imshow(
        values[:, order].T,
        aspect="auto",
        cmap=DIVERGING,
        vmin=-largest,
        vmax=largest,
        interpolation="nearest",
    )
    axis.grid(False)
    axis.set_ylabel(f"{values.shape[1]} units")
    axis.set_yticks([])
    figure.colorbar(drawn, ax=axis, pad=0.01, aspect=14)


def _lines(axis: Any, values: np.ndarray, units: Sequence[int] | None, state: str) -> None:
    if units is None:
        liveliest = np.argsort(-np.abs(np.diff(values, axis=0)).sum(0), kind="stable")
        units = sorted(liveliest[:5].tolist())
    markers = "os^Dv"
    for place, unit in enumerate(units):
        axis.plot(
            values[:, unit],
            color=PALETTE[place % len(PALETTE)],
            marker=markers[place % len(markers)] if len(values) <= _MOST_WORDS else None,
            markersize=4,
            label=f"unit {unit}",
        )
    axis.axhline(0, color="0.4", linewidth=0.8)
    axis.set_ylabel(f"{state} state")
    axis.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=6, fontsize="small", borderaxespad=0.2
    )


def _alike_together(values: np.ndarray) -> np.ndarray:
    """Units in an order in which those that move together stand together.

    By their angle on the plane of the first two principal components.
    """
    if values.shape[0] < 2 or values.shape[1] < 3:
        return np.arange(values.shape[1])
    _, strengths, directions = np.linalg.svd(values - values.mean(0), full_matrices=False)
    plane = (strengths[:, None] * directions)[:2]
    return np.argsort(np.arctan2(plane[-1], plane[0]), kind="stable")


def plot_gates(recurrence: Recurrence, words: Sequence[str] | None = None, row: int = 0) -> Picture:
    """What the gates of an LSTM or GRU do over one sequence, and how often they are saturated.

    Above the mean of each gate over its units, step by step, with the band in which the middle
    half of the units lie. Below, for each gate, how its openings are distributed over all units
    and steps of all sequences: a gate below 0.1 is as good as shut, above 0.9 as good as open.

    Args:
        recurrence: from a trace.
        words: what stands at each step, written along the axis.
        row: which sequence is shown above.

    Raises:
        ValueError: for a cell without gates.
    """
    gates = {
        name: values for name, values in recurrence.gates.items() if not name.endswith("candidate")
    }
    if not gates:
        raise ValueError(f"plot_gates expected an LSTM or GRU, got {recurrence.cell}.")
    steps = _live(recurrence, row)
    names = _words(words, recurrence, row)
    layout = [["time"] * len(gates), list(gates)]
    with new_figure(_width(len(steps)), 5.4, mosaic=layout, height_ratios=[1.5, 1]) as (
        figure,
        axes,
    ):
        for place, (name, values) in enumerate(gates.items()):
            shown, color = values[row][steps], PALETTE[place]
            low, high = np.quantile(shown, [0.25, 0.75], axis=1)
            axes["time"].fill_between(range(len(shown)), low, high, color=color, alpha=0.15, lw=0)
            axes["time"].plot(shown.mean(1), color=color, marker="os^Dv"[place % 5],
                              markersize=4, label=name)  # fmt: skip
            _distribution(axes[name], name, values[np.isfinite(values)], color)
        axes["time"].set(ylim=(-0.02, 1.02), ylabel="opening, mean and middle half")
        axes["time"].set_title(f"{recurrence.name or recurrence.cell}: gates at each step")
        axes["time"].legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=4, borderaxespad=0.2)
        _write_words(axes["time"], names, len(steps))
        axes[next(iter(gates))].set_ylabel("share of units and steps")
    return Picture(figure)


def _distribution(axis: Any, name: str, values: np.ndarray, color: str) -> None:
    weights = np.full(values.size, 1 / max(1, values.size))
    axis.hist(values, bins=20, range=(0, 1), weights=weights, color=color, alpha=0.85)
    axis.axvspan(0, _SATURATED, color="0.5", alpha=0.15, lw=0)
    axis.axvspan(1 - _SATURATED, 1, color="0.5", alpha=0.15, lw=0)
    shut, opened = (values < _SATURATED).mean(), (values > 1 - _SATURATED).mean()
    axis.set_title(f"{name}: {shut:.0%} shut, {opened:.0%} open", fontsize="small")
    axis.set(xlim=(0, 1), xlabel="opening")


def plot_gradients(flows: Mapping[str, GradientFlow], title: str = "") -> Picture:
    """How much of the gradient is left, by the number of steps it has travelled back.

    Args:
        flows: from `gradient_flow` or `compare_cells`.
        title: above the picture.
    """
    with new_figure(7.5, 4) as (figure, axis):
        lowest = 1.0
        for place, (name, flow) in enumerate(flows.items()):
            shares = flow.back()
            positive = np.where(shares > 0, shares, np.nan)
            lowest = min(lowest, float(np.nanmin(positive)))
            axis.semilogy(
                positive,
                color=PALETTE[place % len(PALETTE)],
                linestyle=("-", "--", "-.", ":")[place % 4],
                linewidth=2,
                label=f"{name}: {shares[-1]:.1g} left",
            )
        axis.set_ylim(max(lowest / 3, 1e-30), None)
        axis.yaxis.set_major_formatter(_power)
        axis.set(
            xlabel="steps travelled back in time",
            ylabel="length, as a share of the last",
        )
        axis.set_title(title or "The gradient on its way back through time")
        axis.legend()
    return Picture(figure)


def _power(value: float, _: Any) -> str:
    return f"{value:.0e}" if value < 0.01 else f"{value:g}"


def _of_row(values: Mapping[str, np.ndarray], name: str, row: int, what: str) -> np.ndarray:
    if name not in values:
        raise ValueError(f"The recurrence has no {name!r} among its {what}: {', '.join(values)}.")
    if not -len(values[name]) <= row < len(values[name]):
        raise ValueError(f"row expected a number below {len(values[name])}, got {row}.")
    chosen = values[name][row]
    return chosen.reshape(len(chosen), -1)


def _live(recurrence: Recurrence, row: int) -> np.ndarray:
    """The steps of a sequence that count."""
    if recurrence.mask is None:
        return np.arange(recurrence.inputs.shape[1])
    return np.flatnonzero(recurrence.mask[row])


def _words(words: Sequence[str] | None, recurrence: Recurrence, row: int) -> list[str] | None:
    """A word for each step that counts."""
    if words is None:
        return None
    timesteps, steps = recurrence.inputs.shape[1], _live(recurrence, row)
    if len(words) == timesteps:
        return [words[step] for step in steps]
    if len(words) == len(steps):
        return list(words)
    raise ValueError(
        f"words expected one for each of {timesteps} steps or of the {len(steps)} that count, got "
        f"{len(words)}."
    )


def _write_words(axis: Any, words: list[str] | None, steps: int) -> None:
    if words is None or steps > _MOST_WORDS:
        axis.set_xlabel("step")
        return
    narrow = steps <= 12 and max(map(len, words), default=0) <= 10
    shown = [word.replace("\n", "⏎") for word in words]
    if narrow:
        axis.set_xticks(range(steps), shown)
    else:
        axis.set_xticks(range(steps), shown, rotation=60, ha="right", rotation_mode="anchor")


def _width(steps: int) -> float:
    return float(np.clip(2.5 + 0.28 * steps, 7.5, 18))
