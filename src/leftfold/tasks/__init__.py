"""Whole jobs: data in, an honestly judged model out."""

from leftfold.tasks.classification import Classification, classify
from leftfold.tasks.classifier import SequenceClassifier
from leftfold.tasks.forecasting import Forecaster
from leftfold.tasks.text_generator import TextGenerator

__all__ = [
    "Classification",
    "Forecaster",
    "SequenceClassifier",
    "TextGenerator",
    "classify",
]
