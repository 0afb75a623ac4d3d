"""What goes wrong with data that people bring, each in one line that says what to do."""

from __future__ import annotations


class DataError(ValueError):
    """Data cannot be read or used; the message names the file, line and column where it can."""


class MissingExtraError(ImportError):
    """An optional package is missing; the message says how to install it."""
