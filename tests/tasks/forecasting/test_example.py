"""The example program on prices says what its text says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

PATH = Path(__file__).parents[3] / "examples" / "forecast_prices.py"


def test_prices_are_forecast_beside_persistence(capsys: pytest.CaptureFixture[str]) -> None:
    spec = importlib.util.spec_from_file_location("forecast_prices", PATH)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.main(quick=True)
    assert found["low"] < 0.1 and found["high"] > -0.2
    assert 0.5 < found["coverage 80%"] <= 1
    printed = capsys.readouterr().out
    assert "persistence" in printed
    assert "One-step-ahead plots look better than they are" in printed
