"""Where batches come from, and how many of them make an epoch."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from leftfold.models.data_arrays import (
    check_finite,
    check_same_rows,
    class_weights_to_sample_weights,
    to_arrays,
)
from leftfold.models.data_sources import (
    ArraySource,
    Batch,
    ClassWeight,
    IndexedSource,
    IterableSource,
)


class Source(Protocol):
    """Batches, one epoch after the other; see `leftfold.models.data_sources`."""

    @property
    def rows(self) -> int | None:
        """Rows in an epoch, as far as is known."""

    @property
    def steps(self) -> int | None:
        """Batches in an epoch, as far as is known."""

    def first(self) -> Batch:
        """A batch to build a model from."""

    def epoch(self) -> Iterator[Batch]:
        """The batches of one epoch."""


def make_source(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle: bool | str = False,
    class_weight: ClassWeight = None,
    finite: bool = True,
    label: str = "",
) -> Source:
    """The source for whatever the user gave.

    Args:
        x: arrays, or a data set that yields whole batches.
        y: targets; only with arrays.
        sample_weight: weights of the rows; only with arrays.
        batch_size: rows in a batch; only with arrays. By default 32, or what makes `steps`.
        steps: batches in an epoch, if fixed.
        shuffle: whether the order changes each epoch.
        class_weight: weights of the rows by class.
        finite: whether inputs must be finite numbers.
        label: put before argument names in messages, such as `"validation "`.
    """
    if is_dataset(x):
        if batch_size is not None:
            warnings.warn(
                f"{label}batch_size={batch_size} has no effect, because {label}x is a "
                f"{type(x).__name__} that yields whole batches.",
                stacklevel=4,
            )
        for name, value in (("y", y), ("sample_weight", sample_weight)):
            if value is not None:
                raise ValueError(
                    f"{label}{name} expected nothing, because {label}x is a {type(x).__name__} "
                    f"that yields whole batches, got {type(value).__name__}."
                )
        if hasattr(x, "__getitem__") and (hasattr(x, "__len__") or hasattr(x, "num_batches")):
            return IndexedSource(x, shuffle, class_weight, finite)
        return IterableSource(x, class_weight, finite)
    x = to_arrays(f"{label}x", x, texts=True)
    y = to_arrays(f"{label}y", y)
    sample_weight = to_arrays(f"{label}sample_weight", sample_weight)
    if x is None:
        raise ValueError(f"{label}x expected data, got None.")
    rows = check_same_rows(
        **{f"{label}x": x, f"{label}y": y, f"{label}sample_weight": sample_weight}
    )
    if finite:
        check_finite(f"{label}x", x)
        check_finite(f"{label}sample_weight", sample_weight)
    if class_weight is not None:
        if sample_weight is not None:
            raise ValueError("class_weight and sample_weight cannot be given together.")
        sample_weight = class_weights_to_sample_weights(y, class_weight)
    if batch_size is None:
        batch_size = -(-rows // steps) if steps else 32
    return ArraySource(x, y, sample_weight, batch_size, shuffle)


def is_dataset(x: Any) -> bool:
    """Whether `x` yields batches itself, rather than being made of rows."""
    if x is None or isinstance(x, Mapping | list | tuple | str | bytes):
        return False
    if any(hasattr(x, name) for name in ("__array__", "to_numpy", "toarray")):
        return False
    return hasattr(x, "__iter__") or hasattr(x, "__getitem__")


class Epochs:
    """The batches of one epoch after another, of a fixed number of steps if asked for.

    With `steps` an epoch goes on where the one before stopped, as in Keras; a source that
    comes to its end cuts the epoch short.

    Attributes:
        first: the first batch in the given order.
    """

    def __init__(self, source: Source, steps: int | None = None) -> None:
        self.source = source
        self.first = source.first()
        self.asked = steps
        self.running: Iterator[Batch] | None = None
        self.seen: int | None = None

    @property
    def steps(self) -> int | None:
        """Batches in an epoch, as far as is known."""
        return self.asked or self.source.steps or self.seen

    @property
    def rows(self) -> int | None:
        """Rows in an epoch, as far as is known."""
        return None if self.asked else self.source.rows

    def __iter__(self) -> Iterator[Batch]:
        if self.asked is None:
            self.seen = 0
            for batch in self.source.epoch():
                yield batch
                self.seen += 1
            if not self.seen:
                _warn_empty()
            return
        for step in range(self.asked):
            following = self._next(fresh=step == 0)
            if following is None:
                _warn_empty()
                return
            yield following

    def _next(self, fresh: bool) -> Batch | None:
        """The next batch; a source that ended with the epoch before begins again."""
        batch = None if self.running is None else next(self.running, None)
        if batch is None and (fresh or self.running is None):
            self.running = self.source.epoch()
            batch = next(self.running, None)
        if batch is None:
            self.running = None
        return batch

    def restart(self) -> None:
        """Begin the source anew in the next epoch."""
        self.running = None


def _warn_empty() -> None:
    warnings.warn(
        "The data ran out before the epoch was over: give a data set that yields at least "
        "steps_per_epoch * epochs batches.",
        stacklevel=4,
    )
