"""What goes wrong with files."""

from __future__ import annotations


class SavingError(ValueError):
    """A model file cannot be written or read; the message names the file and the reason."""
