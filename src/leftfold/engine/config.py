"""Settings of the session: default float type, epsilon, number of threads."""

from __future__ import annotations

import os
from collections.abc import Callable

from leftfold.engine.changes import note_change
from leftfold.engine.processors import available_processors

_FLOAT_TYPES = ("float16", "float32", "float64")

_settings: dict[str, object] = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "threads": None,
    "interactive_logging": True,
}
_thread_followers: list[Callable[[int], None]] = []


def floatx() -> str:
    """The default float type, `"float32"`."""
    return str(_settings["floatx"])


def set_floatx(value: str) -> None:
    """Change the default float type. Native kernels run in float32, the reference in any."""
    if value not in _FLOAT_TYPES:
        raise ValueError(f"floatx expected one of {', '.join(_FLOAT_TYPES)}, got {value!r}.")
    _settings["floatx"] = value
    note_change()


def epsilon() -> float:
    """The small number that keeps quotients and logarithms finite, `1e-7`."""
    return float(_settings["epsilon"])  # type: ignore[arg-type]


def set_epsilon(value: float) -> None:
    """Change the small number that `epsilon()` returns."""
    _settings["epsilon"] = float(value)
    note_change()


def is_interactive_logging_enabled() -> bool:
    """Whether `fit`, `evaluate` and `predict` say anything."""
    return bool(_settings["interactive_logging"])


def enable_interactive_logging() -> None:
    """Let `fit`, `evaluate` and `predict` say what `verbose` asks for, as they do at first."""
    _settings["interactive_logging"] = True


def disable_interactive_logging() -> None:
    """Let `fit`, `evaluate` and `predict` be silent, whatever `verbose` asks for."""
    _settings["interactive_logging"] = False


def threads() -> int:
    """How many threads native kernels may use.

    What `set_threads` or `OMP_NUM_THREADS` asked for, else as many as the process may run on at
    once, by its affinity and by the quota of the container it runs in.
    """
    chosen = _settings["threads"]
    if chosen is None:
        asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
        chosen = int(asked) if asked.isdigit() and int(asked) > 0 else available_processors()
        _settings["threads"] = chosen
    return int(chosen)  # type: ignore[call-overload]


def set_threads(count: int) -> None:
    """Let native kernels use `count` threads. Results do not depend on it.

    In a process made by `os.fork` they run on one thread whatever is set here: the parent's
    threads are not there.
    """
    if not isinstance(count, int) or count < 1:
        raise ValueError(f"set_threads expected a positive integer, got {count!r}.")
    for follower in _thread_followers:
        follower(count)
    _settings["threads"] = count


def follow_threads(follower: Callable[[int], None]) -> None:
    """Tell `follower` the number of threads, now and whenever it changes."""
    _thread_followers.append(follower)
    follower(threads())
