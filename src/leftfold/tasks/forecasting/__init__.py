"""Forecasting: series in, an honestly judged forecast out."""

from leftfold.tasks.forecasting.forecaster import Forecaster
from leftfold.tasks.forecasting.series import Panel, Series

__all__ = ["Forecaster", "Panel", "Series"]
