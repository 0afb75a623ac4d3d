"""Settings of the session, under the names that Keras gives them.

Example:
    >>> import leftfold
    >>> leftfold.config.floatx()
    'float32'
"""

from typing import Any

from leftfold.engine.config import (
    disable_interactive_logging,
    enable_interactive_logging,
    epsilon,
    floatx,
    is_interactive_logging_enabled,
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


def set_image_data_format(data_format: str) -> None:
    """Accepts the only format there is.

    Raises:
        ValueError: for any but `"channels_last"`.
    """
    if data_format != "channels_last":
        raise ValueError(
            f"set_image_data_format expected 'channels_last', got {data_format!r}: pass "
            "data_format to the layers that take it."
        )


def is_flash_attention_enabled() -> bool:
    """False, always: attention is computed in one way."""
    return False


def disable_flash_attention() -> None:
    """Nothing to do: attention is computed in one way."""


def enable_traceback_filtering() -> None:
    """Nothing to do: nothing is taken out of error messages or put into them."""


disable_traceback_filtering = enable_traceback_filtering


def is_traceback_filtering_enabled() -> bool:
    """False, always."""
    return False


def __getattr__(name: str) -> Any:
    if name in ("dtype_policy", "set_dtype_policy"):
        from leftfold import dtype_policies

        return getattr(dtype_policies, name)
    raise AttributeError(f"module 'leftfold.config' has no attribute {name!r}")


__all__ = [  # noqa: F822, two of them on request
    "backend",
    "disable_flash_attention",
    "disable_interactive_logging",
    "disable_traceback_filtering",
    "dtype_policy",
    "enable_interactive_logging",
    "enable_traceback_filtering",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_flash_attention_enabled",
    "is_interactive_logging_enabled",
    "is_traceback_filtering_enabled",
    "set_dtype_policy",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_threads",
    "threads",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
