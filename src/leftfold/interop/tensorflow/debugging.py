"""`tf.debugging`: checks of values."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    *("Assert", "assert_all_finite", "assert_equal", "assert_greater", "assert_less"),
    *("assert_near", "assert_rank", "assert_shapes", "check_numerics", "set_log_device_placement"),
]


def _check(holds: Any, what: str, message: Any) -> None:
    if not np.all(holds):
        raise ValueError(f"{message or 'A check failed'}: {what}.")


def Assert(condition: Any, data: Any = None, name: Any = None) -> None:
    """Complain, showing `data`, unless the condition holds."""
    _check(np.asarray(condition), f"got {data}", None)


def assert_equal(x: Any, y: Any, message: Any = None, name: Any = None, **options: Any) -> None:
    """Complain unless all elements are equal."""
    _check(np.asarray(x) == np.asarray(y), f"expected {y}, got {x}", message)


def assert_less(x: Any, y: Any, message: Any = None, name: Any = None, **options: Any) -> None:
    """Complain unless every element is less than its counterpart."""
    _check(np.asarray(x) < np.asarray(y), f"expected less than {y}, got {x}", message)


def assert_greater(x: Any, y: Any, message: Any = None, name: Any = None, **options: Any) -> None:
    """Complain unless every element is greater than its counterpart."""
    _check(np.asarray(x) > np.asarray(y), f"expected more than {y}, got {x}", message)


def assert_near(
    x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-5, message: Any = None, **options: Any
) -> None:
    """Complain unless all elements are close to each other."""
    close = np.isclose(np.asarray(x), np.asarray(y), rtol=rtol, atol=atol)
    _check(close, f"expected about {y}, got {x}", message)


def assert_all_finite(x: Any, message: Any = None, name: Any = None) -> Any:
    """`x`; complains of NaN and infinity in it."""
    _check(np.isfinite(np.asarray(x)), "expected finite numbers", message)
    return x


def check_numerics(tensor: Any, message: Any = None, name: Any = None) -> Any:
    """`tensor`; complains of NaN and infinity in it."""
    return assert_all_finite(tensor, message)


def assert_rank(x: Any, rank: int, message: Any = None, name: Any = None) -> None:
    """Complain unless `x` has so many axes."""
    _check(np.ndim(x) == rank, f"expected {rank} axes, got {np.ndim(x)}", message)


def assert_shapes(shapes: Any, message: Any = None, **options: Any) -> None:
    """Complain unless tensors have their shapes; a letter stands for one size throughout."""
    sizes: dict[Any, int] = {}
    for tensor, shape in shapes.items() if isinstance(shapes, dict) else shapes:
        _check(len(tensor.shape) == len(shape), f"expected {shape}, got {tensor.shape}", message)
        for wanted, size in zip(shape, tensor.shape, strict=True):
            expected = sizes.setdefault(wanted, size) if isinstance(wanted, str) else wanted
            _check(expected in (None, size), f"expected {shape}, got {tensor.shape}", message)


def set_log_device_placement(enabled: Any) -> None:
    """Nothing to do: there is one device."""
