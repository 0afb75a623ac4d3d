"""Names as Keras gives them: `LSTM` becomes `lstm`, the second one `lstm_1`."""

from __future__ import annotations

import functools
import re
from collections import Counter

_counts: Counter[str] = Counter()


@functools.lru_cache(256)
def to_snake_case(name: str) -> str:
    """`SimpleRNN` to `simple_rnn`, `LSTMCell` to `lstm_cell`."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(prefix: str) -> str:
    """`prefix`, then `prefix_1`, `prefix_2`, ... within one session."""
    count = _counts[prefix]
    _counts[prefix] += 1
    return f"{prefix}_{count}" if count else prefix


def count_up(prefix: str) -> int:
    """1, 2, 3, ... within one session, for each prefix."""
    _counts[prefix] += 1
    return _counts[prefix]


def reset_names() -> None:
    """Start counting from nothing again."""
    _counts.clear()
