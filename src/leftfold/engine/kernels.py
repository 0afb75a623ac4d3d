"""Which code runs a kernel: the native one in float32, the NumPy reference otherwise.

`kernel("lstm_forward", np.float32)` is the function to call. Both have the same signature;
`leftfold.engine.reference` is where the meaning is written down. Some kernels have a second native
form, which multiplies bfloat16s: for layers of the policy `mixed_bfloat16`, where the processor
has such products.
"""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from leftfold.engine import config, workspace
from leftfold.engine.changes import note_change

_FLOAT32 = np.dtype(np.float32)
_NAMES = ("avx512", "avx2", "baseline")

_cache: dict[tuple[str, bool, bool], Callable[..., Any]] = {}
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
    module.set_allocator(workspace.empty, workspace.SMALLEST)
    config.follow_threads(module.set_threads)
    return module


def isa() -> str:
    """The instruction set in use: `avx512`, `avx2`, `baseline` or `reference`."""
    module = native()
    return "reference" if module is None else str(module.isa)


def bfloat16_products() -> str | None:
    """How products of bfloat16s are computed here: `amx`, `avx512_bf16`, or `None` for not at all.

    `None` means that layers of the policy `mixed_bfloat16` compute in float32: there are none,
    or they are slower. The first call asks the system for what they need.
    """
    if "bfloat16" not in _state:
        module = native()
        best = module.best_bfloat16_form() if module is not None else ""
        if best:
            module.use_bfloat16_form(best)
        _state["bfloat16"] = best or None
    found: str | None = _state["bfloat16"]
    return found


def kernel(name: str, dtype: Any = _FLOAT32, bfloat16: bool = False) -> Callable[..., Any]:
    """The function that runs `name` on arrays of `dtype`.

    With `bfloat16` it rounds float32 operands of its products to bfloat16, if it can here.
    """
    fast = dtype == _FLOAT32
    found = _cache.get((name, fast, bfloat16))
    if found is None:
        found = _find(name, fast, bfloat16)
        _cache[name, fast, bfloat16] = found
    return found


def is_native(dtype: Any) -> bool:
    """Whether the kernels for arrays of `dtype` are native ones, which check their arguments."""
    return bool(dtype == _FLOAT32) and native() is not None


def _find(name: str, fast: bool, bfloat16: bool) -> Any:
    if fast and bfloat16 and bfloat16_products():
        return getattr(native(), f"{name}_bfloat16")
    found = getattr(native(), name, None) if fast else None
    if found is None:
        from leftfold.engine import reference

        found = getattr(reference, name)
    return found


def use(implementation: str) -> None:
    """Switch to `"native"` or `"reference"` kernels for this process (for tests)."""
    if implementation not in ("native", "reference"):
        raise ValueError(
            f"implementation expected 'native' or 'reference', got {implementation!r}."
        )
    _cache.clear()
    _state.pop("bfloat16", None)
    if implementation == "reference":
        _state.update(native=None, looked=True)
    else:
        _state.update(native=None, looked=False)
    note_change()
