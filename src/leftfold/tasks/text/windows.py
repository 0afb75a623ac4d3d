"""One long text as a few texts read side by side, a window of each at a time."""

from __future__ import annotations

import numpy as np

from leftfold.engine.random import as_generator
from leftfold.models.data_sources import PyDataset


class Windows(PyDataset):
    """Batches of a long text for a model that is stateful.

    The text is cut into `rows` stretches, and a batch holds the next window of each, so that row
    `i` of a batch goes on where row `i` of the batch before ended. Targets are the tokens one
    further on. Each epoch cuts in other places.

    Args:
        ids: the text.
        rows: stretches.
        window: tokens of each in a batch; gradients go back no further.
        seed: of the places; `None` cuts at the beginning always.

    Example:
        >>> windows = Windows(np.arange(21), rows=2, window=5, seed=None)
        >>> x, y = windows[1]
        >>> x.tolist(), y[0].tolist()
        ([[5, 6, 7, 8, 9], [15, 16, 17, 18, 19]], [6, 7, 8, 9, 10])
    """

    def __init__(self, ids: np.ndarray, rows: int, window: int, seed: int | None) -> None:
        super().__init__()
        self.ids = ids
        self.rows = rows
        self.window = window
        self._random = None if seed is None else as_generator(seed)
        self._begin = 0
        self._slack = min(window, (len(ids) - 1) // rows - window) if seed is not None else 0
        self._length = (len(ids) - 1 - self._slack) // rows

    def __len__(self) -> int:
        return -(-self._length // self.window)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        begin = index * self.window
        steps = np.arange(begin, min(begin + self.window, self._length))
        places = self._begin + np.arange(self.rows)[:, None] * self._length + steps
        return self.ids[places], self.ids[places + 1]

    def on_epoch_begin(self) -> None:
        if self._random is not None:
            self._begin = int(self._random.integers(0, self._slack + 1))


def window_and_rows(tokens: int, window: int, batch_size: int) -> tuple[int, int]:
    """A window and a number of rows that make sense for a text.

    A short text is read in fewer rows, so that an epoch still has some steps of learning, and
    shorter windows.

    Example:
        >>> window_and_rows(1_000_000, 100, 64), window_and_rows(3_000, 100, 64)
        ((100, 64), (100, 1))
    """
    window = max(1, min(window, (tokens - 1) // 2))
    rows = (tokens - 1) // (window * _STEPS)
    return window, max(1, min(batch_size, rows))


_STEPS = 100
"""Steps of learning that an epoch shall have at least."""
