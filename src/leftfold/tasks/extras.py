"""Optional packages, as all of Leftfold asks for them."""

from leftfold.datasets.extras import require

__all__ = ["require"]
