"""Sentences into others: translation, and whatever else is learnt from pairs."""

from leftfold.tasks.translation.evaluation import Translation, translate
from leftfold.tasks.translation.translator import Translator
from leftfold.tasks.translation.writing import Translated

__all__ = ["Translated", "Translation", "Translator", "translate"]
