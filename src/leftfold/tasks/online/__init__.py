"""Learning from streams that do not end: learn as data arrives, judge before learning."""

from leftfold.tasks.online.drift import PageHinkley
from leftfold.tasks.online.prequential import Prequential, prequential
from leftfold.tasks.online.regressor import OnlineRegressor

__all__ = ["OnlineRegressor", "PageHinkley", "Prequential", "prequential"]
