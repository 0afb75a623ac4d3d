"""Forecasting prices, with an honest baseline.

The classic exercise forecasts tomorrow's price and plots it over the truth; the two lines can
hardly be told apart, and it looks like a success. Here the same is done on daily closing prices and
then compared with saying that nothing changes. On a random walk no network can win, and on prices
it hardly does; what a network can learn is how wide the intervals should be.
"""

from __future__ import annotations

import argparse
import importlib.util

import numpy as np

from leftfold.tasks import Forecaster


def prices(days: int) -> tuple[str, np.ndarray]:
    """Closing prices of the S&P 500, or a random walk where the package `arch` is missing."""
    if importlib.util.find_spec("arch") is not None:
        from arch.data import sp500

        return "S&P 500", sp500.load()["Adj Close"].to_numpy()[-days:]
    steps = np.random.default_rng(4).standard_t(4, size=days) * 0.01
    return "a random walk", 100 * np.exp(np.cumsum(steps))


def main(quick: bool = False) -> dict[str, float]:
    """Train, compare, and print what came out; returns figures by name."""
    name, values = prices(250 if quick else 2500)
    forecaster = Forecaster(horizon=1, season_length=1, ensemble=1, epochs=3 if quick else 30)
    found = forecaster.backtest(values)
    print(f"One day ahead, {name}, {len(values):,} days:")
    for model, error, smape in zip(
        *(found.table[k] for k in ("model", "MAE", "sMAPE")), strict=True
    ):
        print(f"  {model:24} MAE {error:8.3f}   sMAPE {smape:.3f} %")
    for share, covered in found.coverages.items():
        print(f"  {share:.0%} intervals covered {covered:.1%}")
    print(*found.verdicts, found.one_step_warning, sep="\n")
    gain = found.gain("persistence")
    return {"gain": gain.value, "low": gain.low, "high": gain.high, **_named(found.coverages)}


def _named(coverages: dict[float, float]) -> dict[str, float]:
    return {f"coverage {share:.0%}": covered for share, covered in coverages.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few seconds on less data")
    main(parser.parse_args().quick)
