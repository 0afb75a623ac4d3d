"""Settings of the session, under the names that Keras gives them.

Example:
    >>> import leftfold
    >>> leftfold.config.floatx()
    'float32'
"""

from leftfold.engine.config import (
    epsilon,
    floatx,
    set_epsilon,
    set_floatx,
    set_threads,
    threads,
)


def backend() -> str:
    """What computes: `"leftfold"`."""
    return "leftfold"


def image_data_format() -> str:
    """Where arrays have their channels: `"channels_last"`, always."""
    return "channels_last"


__all__ = [
    "backend",
    "epsilon",
    "floatx",
    "image_data_format",
    "set_epsilon",
    "set_floatx",
    "set_threads",
    "threads",
]
