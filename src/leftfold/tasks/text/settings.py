"""What the arguments of `TextGenerator` may be."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.tasks.text.network import CELLS
from leftfold.tasks.text.tokens import LEAST_SIZES, UNITS


def check_settings(writer: Any) -> None:
    """Refuse arguments that make no sense.

    Raises:
        ValueError: naming the argument, what was expected and what came.
    """
    _one_of("unit", writer.unit, UNITS)
    _one_of("cell", cell_name(writer.cell), ("auto", *CELLS))
    for name in ("units", "layers", "embedding", "batch_size", "patience"):
        _at_least(name, getattr(writer, name), 1)
    _at_least("vocabulary", writer.vocabulary, LEAST_SIZES[writer.unit])
    for name in ("epochs", "window"):
        if getattr(writer, name) is not None:
            _at_least(name, getattr(writer, name), 1)
    _between("dropout", writer.dropout, 0, 1, low_included=True)
    _between("validation", writer.validation, 0, 1)
    _between("learning_rate", writer.learning_rate, 0, np.inf)
    if writer.time_limit is not None:
        _between("time_limit", writer.time_limit, 0, np.inf)


def cell_name(cell: Any) -> Any:
    """A cell as it is called here, also where the name of its layer was given.

    Example:
        >>> cell_name("SimpleRNN"), cell_name("lstm")
        ('simple_rnn', 'lstm')
    """
    lower = str(cell).lower()
    return "simple_rnn" if lower == "simplernn" else lower


def _one_of(name: str, value: Any, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"TextGenerator expected {name} to be one of {known}, got {value!r}.")


def _at_least(name: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(
            f"TextGenerator expected {name} to be an integer of at least {least}, got {value!r}."
        )


def _between(name: str, value: Any, low: float, high: float, low_included: bool = False) -> None:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not (low < value < high or (low_included and value == low)):
        bounds = f"above {low}" if high == np.inf else f"between {low} and {high}"
        raise ValueError(f"TextGenerator expected {name} to be a number {bounds}, got {value!r}.")
