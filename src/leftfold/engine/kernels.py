"""Which code runs a kernel: the native one in float32, the NumPy reference otherwise.

`kernel("lstm_forward", np.float32)` is the function to call. Both have the same signature;
`leftfold.engine.reference` is where the meaning is written down.
"""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from leftfold.engine import config, workspace

_FLOAT32 = np.dtype(np.float32)
_NAMES = ("avx512", "avx2", "baseline")

_cache: dict[tuple[str, bool], Callable[..., Any]] = {}
_state: dict[str, Any] = {"native": None, "looked": False}


def native() -> Any:
    """The native module for this processor, or `None` (with one warning) where none was built.

    `LEFTFOLD_ISA` forces `avx512`, `avx2` or `baseline`; `reference` turns native code off.
    """
    if not _state["looked"]:
        _state["looked"] = True
        _state["native"] = _load(os.environ.get("LEFTFOLD_ISA", "").strip().lower())
    return _state["native"]


def _load(asked: str) -> Any:
    if asked == "reference":
        return None
    if asked and asked not in _NAMES:
        raise ValueError(
            f"LEFTFOLD_ISA expected one of {', '.join((*_NAMES, 'reference'))}, got {asked!r}."
        )
    try:
        baseline = importlib.import_module("leftfold._native_baseline")
    except ImportError:
        warnings.warn(
            "The native extension of Leftfold is not installed; the slow NumPy reference runs "
            "instead. Install Leftfold with a C++ compiler present to build it.",
            RuntimeWarning,
            stacklevel=4,
        )
        return None
    supported = baseline.supported_isas()
    if asked and asked not in supported:
        raise RuntimeError(
            f"LEFTFOLD_ISA={asked} was asked for, but this processor and build support only "
            f"{', '.join(supported)}."
        )
    chosen = asked or next(name for name in _NAMES if name in supported)
    module = importlib.import_module(f"leftfold._native_{chosen}")
    module.set_allocator(workspace.empty)
    config.follow_threads(module.set_threads)
    return module


def isa() -> str:
    """The instruction set in use: `avx512`, `avx2`, `baseline` or `reference`."""
    module = native()
    return "reference" if module is None else str(module.isa)


def kernel(name: str, dtype: Any = _FLOAT32) -> Callable[..., Any]:
    """The function that runs `name` on arrays of `dtype`."""
    fast = dtype == _FLOAT32
    found = _cache.get((name, fast))
    if found is None:
        found = getattr(native(), name, None) if fast else None
        if found is None:
            from leftfold.engine import reference

            found = getattr(reference, name)
        _cache[name, fast] = found
    return found


def use(implementation: str) -> None:
    """Switch to `"native"` or `"reference"` kernels for this process (for tests)."""
    if implementation not in ("native", "reference"):
        raise ValueError(
            f"implementation expected 'native' or 'reference', got {implementation!r}."
        )
    _cache.clear()
    if implementation == "reference":
        _state.update(native=None, looked=True)
    else:
        _state.update(native=None, looked=False)
