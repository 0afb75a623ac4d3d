"""Optional packages: imported where they are used, and named in one line when missing."""

from __future__ import annotations

import importlib
from typing import Any

from leftfold.datasets.errors import MissingExtraError


def require(module: str, extra: str, purpose: str) -> Any:
    """Import a module of an optional package.

    Args:
        module: its dotted name.
        extra: the extra of Leftfold that installs it.
        purpose: what it is needed for, as the beginning of a sentence.

    Raises:
        MissingExtraError: when it is not installed.

    Example:
        >>> require("json", "tasks", "Reading JSON").loads("[1]")
        [1]
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.split(".")[0]
        raise MissingExtraError(
            f'{purpose} needs {package}, which is not installed: pip install "leftfold[{extra}]"'
        ) from error
