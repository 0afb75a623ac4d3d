"""`tf.logging` and `tf.autograph`: nothing of Leftfold's is logged, so there is little to set."""

from __future__ import annotations

import logging
from typing import Any

__all__ = ["DEBUG", "ERROR", "FATAL", "INFO", "WARN", "get_logger", "set_verbosity"]

DEBUG, INFO, WARN = logging.DEBUG, logging.INFO, logging.WARNING
ERROR, FATAL = logging.ERROR, logging.FATAL


def get_logger() -> logging.Logger:
    """Python's logger `tensorflow`."""
    return logging.getLogger("tensorflow")


def set_verbosity(v: Any = 0, alsologtostdout: bool = False) -> None:
    """How grave messages of the logger must be to be shown."""
    get_logger().setLevel(v or logging.NOTSET)


class experimental:
    """`tf.autograph.experimental`."""

    @staticmethod
    def do_not_convert(func: Any = None) -> Any:
        """The function itself: none is converted."""
        return func if func is not None else (lambda f: f)
