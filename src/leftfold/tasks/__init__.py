"""Whole jobs: data in, an honestly judged model out."""

from leftfold.tasks.classification import Classification, classify
from leftfold.tasks.classifier import SequenceClassifier
from leftfold.tasks.forecasting import Forecaster
from leftfold.tasks.online import OnlineRegressor, PageHinkley, Prequential, prequential
from leftfold.tasks.tagging import SequenceTagger, Tagging, tag
from leftfold.tasks.text_generator import TextGenerator
from leftfold.tasks.translation import Translation, Translator, translate

__all__ = [
    "Classification",
    "Forecaster",
    "OnlineRegressor",
    "PageHinkley",
    "Prequential",
    "SequenceClassifier",
    "SequenceTagger",
    "Tagging",
    "TextGenerator",
    "Translation",
    "Translator",
    "classify",
    "prequential",
    "tag",
    "translate",
]
