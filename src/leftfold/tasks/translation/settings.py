"""Settings of a translator that make no sense, named before any work is done."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.models.seq2seq.attention import KINDS
from leftfold.models.seq2seq.encoder import CELLS
from leftfold.tasks.text.tokens import LEAST_SIZES, UNITS

TOO_LONG = ("keep", "truncate", "refuse")
MONITORS = ("loss", "figure")
_COUNTS = ("layers", "embedding", "units", "longest", "batch_size", "patience", "beams")


def check_settings(translator: Any) -> None:
    """Complain about the first setting that cannot be meant.

    Raises:
        ValueError: naming it, what was expected, and what came.
    """
    choices: dict[str, tuple[Any, ...]] = {
        "unit": UNITS,
        "cell": tuple(CELLS),
        "attention": (None, *KINDS),
        "too_long": TOO_LONG,
        "monitor": MONITORS,
    }
    for name, known in choices.items():
        value = getattr(translator, name)
        if value not in known:
            told = ", ".join(map(str, known))
            raise ValueError(f"{name} expected one of {told}, got {value!r}.")
    optional = ("vocabulary", "epochs")
    for name in (*_COUNTS, *optional):
        value = getattr(translator, name)
        if value is None and name in optional:
            continue
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise ValueError(f"{name} expected a positive whole number, got {value!r}.")
    least = LEAST_SIZES[translator.unit]
    if translator.vocabulary is not None and translator.vocabulary < least:
        raise ValueError(
            f"vocabulary expected at least {least} {translator.unit}s, got {translator.vocabulary}."
        )
    for name in ("dropout", "label_smoothing"):
        value = getattr(translator, name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
            raise ValueError(f"{name} expected a share from 0 to below 1, got {value!r}.")
    if not 0 < translator.validation < 1:
        raise ValueError(
            f"validation expected a number between 0 and 1, got {translator.validation!r}."
        )
    if not translator.learning_rate > 0:
        raise ValueError(
            f"learning_rate expected a number above 0, got {translator.learning_rate!r}."
        )
    seed = translator.seed
    if not isinstance(seed, int | np.integer) or not 0 <= seed < 2**32:
        raise ValueError(f"seed expected a whole number from 0 to 2**32 - 1, got {seed!r}.")
    if translator.units % 2:
        raise ValueError(
            f"units expected an even number, half for each direction, got {translator.units}."
        )
    limit = translator.time_limit
    if limit is not None and not limit > 0:
        raise ValueError(f"time_limit expected seconds above 0, got {limit!r}.")
