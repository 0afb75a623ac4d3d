"""What goes wrong with tasks, each in one line that says what to do."""

from __future__ import annotations

from leftfold.datasets.errors import DataError, MissingExtraError

__all__ = ["DataError", "MissingExtraError", "NotFittedError"]


class NotFittedError(ValueError, AttributeError):
    """An estimator is asked for what only a fitted one knows."""
