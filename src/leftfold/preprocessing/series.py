"""Windows over a series as a data set of batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from leftfold.engine.random import SeedGenerator
from leftfold.preprocessing.dataset import Dataset


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> Dataset:
    """Windows over a series, each with a target, in batches.

    Args:
        data: the series, `(steps, ...)`.
        targets: `targets[i]` belongs to the window that begins at step `i`; `None` for windows
            alone.
        sequence_length: steps in a window.
        sequence_stride: steps from the beginning of one window to that of the next.
        sampling_rate: take every `sampling_rate`-th step; a window then spans
            `(sequence_length - 1) * sampling_rate + 1` steps.
        batch_size: windows in a batch, the last of which may be smaller; `None` for single
            windows.
        shuffle: whether the windows come in a new order each time.
        seed: makes these orders repeatable.
        start_index: do not look at earlier steps.
        end_index: do not look at this step and later ones.
        format: `"tf"` or `"grain"`, accepted as in Keras: the data set is the same.

    Returns:
        A `Dataset` to train on or to loop over, as often as is wanted: of pairs of windows
        `(batch, sequence_length, ...)` and targets `(batch, ...)`, or of windows alone.

    Raises:
        ValueError: for sizes below 1, indices outside the series, or if no window fits.

    Example:
        >>> windows = timeseries_dataset_from_array(range(10), range(3, 13), 3, batch_size=4)
        >>> len(windows)
        2
        >>> for inputs, targets in windows.take(1):
        ...     print(inputs.numpy()[0], targets.numpy()[0])
        [0 1 2] 3
    """
    series = np.asarray(data)
    sizes = {
        "sequence_length": sequence_length,
        "sequence_stride": sequence_stride,
        "sampling_rate": sampling_rate,
        "batch_size": 1 if batch_size is None else batch_size,
    }
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
            raise ValueError(
                f"timeseries_dataset_from_array expected {name} to be a positive integer, "
                f"got {size!r}."
            )
    if format not in ("tf", "grain"):
        raise ValueError(
            f"timeseries_dataset_from_array expected format to be 'tf' or 'grain', got {format!r}."
        )
    start = 0 if start_index is None else start_index
    end = len(series) if end_index is None else end_index
    if not 0 <= start < end <= len(series):
        raise ValueError(
            "timeseries_dataset_from_array expected 0 <= start_index < end_index <= "
            f"{len(series)}, the length of data, got start_index={start_index} and "
            f"end_index={end_index}."
        )
    series = series[start:end]
    aims = None if targets is None else np.asarray(targets)[start:end]
    count = len(series) - (sequence_length - 1) * sampling_rate
    if aims is not None:
        count = min(count, len(aims))
    if count < 1:
        with_targets = "" if aims is None else f" with {len(aims)} targets"
        raise ValueError(
            f"timeseries_dataset_from_array expected room for a window of {sequence_length} steps "
            f"at sampling_rate={sampling_rate}, got {len(series)} steps{with_targets}."
        )
    begins = np.arange(0, count, sequence_stride)
    within = np.arange(0, sequence_length * sampling_rate, sampling_rate)
    order = SeedGenerator(seed) if shuffle else None

    def cut(at: Any) -> Any:
        """The windows that begin there, and their targets."""
        windows = series[at[..., None] + within]
        return windows if aims is None else (windows, aims[at])

    def elements() -> Iterator[Any]:
        places = begins if order is None else order.generator().permutation(begins)
        if batch_size is None:
            yield from map(cut, places)
        else:
            for start in range(0, len(places), batch_size):
                yield cut(places[start : start + batch_size])

    return Dataset(elements, -(-len(begins) // (batch_size or 1)))
