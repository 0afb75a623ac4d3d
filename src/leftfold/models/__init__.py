"""Models: layers joined into a function that can be trained."""

from leftfold.models.functional import Functional
from leftfold.models.model import Model
from leftfold.models.sequential import Sequential

__all__ = ["Functional", "Model", "Sequential"]
