"""From raw text and series to arrays: tokens, padding, windows, honest splits."""

from leftfold.preprocessing import sequence, split, text

__all__ = ["sequence", "split", "text"]
