"""Sources of batches: arrays, indexable data sets, generators.

Every source gives batches `(x, y, sample_weight)` whose last two may be `None`, one epoch
after the other; `first()` is a batch to build a model from, and is not lost.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from leftfold.engine import config, workspace
from leftfold.engine.random import SeedGenerator
from leftfold.engine.tensor import dtype_name
from leftfold.models.data_arrays import (
    Structure,
    check_finite,
    check_same_rows,
    class_weights_to_sample_weights,
    leaves,
    rebuild,
    to_arrays,
)

Batch = tuple[Structure, Structure, Structure]
ClassWeight = Mapping[int, float] | None


def unpack_x_y_sample_weight(data: Any) -> Batch:
    """`x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)` as three, with `None` for what is missing.

    Example:
        >>> unpack_x_y_sample_weight(([1, 2], [0, 1]))
        ([1, 2], [0, 1], None)
    """
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(
            f"Data expected to be x, (x, y) or (x, y, sample_weight), got {len(data)} elements."
        )
    x, y, sample_weight = (*data, None, None)[:3]
    return x, y, sample_weight


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """The inverse of `unpack_x_y_sample_weight`: the shortest form that holds all given."""
    if y is None:
        return (x,) if isinstance(x, tuple | list) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


class PyDataset:
    """A data set of your own: `len()` batches, each by its number.

    Subclasses implement `__len__` (the number of batches) and `__getitem__` (batch `index` as
    `(x, y)` or `(x, y, sample_weight)`); `on_epoch_begin` and `on_epoch_end` may prepare the
    next epoch.

    Args:
        workers: how many threads prepare batches ahead of the training thread; 1 for none.
        use_multiprocessing: threads are used in any case; a batch is at most copied once.
        max_queue_size: how many batches may wait.
    """

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must implement __getitem__(index).")

    @property
    def num_batches(self) -> int | None:
        """How many batches there are, `None` for as many as are asked for."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(f"{type(self).__name__} must implement __len__().")

    def on_epoch_begin(self) -> None:
        """Called before the first batch of an epoch is asked for."""

    def on_epoch_end(self) -> None:
        """Called after the last batch of an epoch."""


class ArraySource:
    """Batches cut out of arrays that lie in memory.

    Args:
        x: the inputs, one row per sample.
        y: the targets.
        sample_weight: weights of the rows.
        batch_size: rows in a batch; the last one may be smaller.
        shuffle: `True` for a new order of all rows each epoch, `"batch"` for a new order within
            each batch.
    """

    def __init__(
        self,
        x: Structure,
        y: Structure = None,
        sample_weight: Structure = None,
        batch_size: int = 32,
        shuffle: bool | str = False,
    ) -> None:
        self.structures: Batch = (x, y, sample_weight)
        self.rows: int | None = check_same_rows(x=x, y=y, sample_weight=sample_weight)
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = SeedGenerator() if shuffle else None
        self.steps: int | None = -(-self.rows // batch_size)

    def first(self) -> Batch:
        """The first batch in the given order, to build a model from."""
        return self._cut(slice(0, self.batch_size))

    def epoch(self) -> Iterator[Batch]:
        """The batches of one epoch."""
        order = self._order()
        for start in range(0, self.rows or 0, self.batch_size):
            rows = slice(start, start + self.batch_size)
            yield self._cut(rows) if order is None else self._gather(order[rows])

    def _order(self) -> np.ndarray | None:
        if self.seed is None:
            return None
        generator = self.seed.generator()
        if self.shuffle != "batch":
            return generator.permutation(self.rows or 0)
        order = np.arange(self.rows or 0)
        for start in range(0, len(order), self.batch_size):
            generator.shuffle(order[start : start + self.batch_size])
        return order

    def _cut(self, rows: slice) -> Batch:
        return self._each(_slice, rows)

    def _gather(self, rows: np.ndarray) -> Batch:
        return self._each(gather, rows)

    def _each(self, take: Callable[[np.ndarray, Any], np.ndarray], rows: Any) -> Batch:
        x, y, sample_weight = [
            None
            if part is None
            else take(part, rows)
            if type(part) is np.ndarray
            else rebuild(part, [take(array, rows) for array in leaves(part)])
            for part in self.structures
        ]
        return x, y, sample_weight


def _slice(array: np.ndarray, rows: slice) -> np.ndarray:
    return _as_floatx(array[rows])


def gather(array: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The given rows as a new array in pooled memory, floats in the default float type."""
    if not array.flags.c_contiguous or _is_other_float(array) or array.dtype == object:
        return _as_floatx(array[rows])
    out = workspace.empty((len(rows), *array.shape[1:]), array.dtype)
    return array.take(rows, axis=0, out=out, mode="clip")


def _as_floatx(array: np.ndarray) -> np.ndarray:
    return array.astype(config.floatx()) if _is_other_float(array) else array


def _is_other_float(array: np.ndarray) -> bool:
    dtype = array.dtype
    return dtype.kind == "f" and dtype_name(dtype) != config.floatx()


class IndexedSource:
    """Batches of an object with a length whose elements are batches, such as `PyDataset`.

    Args:
        dataset: has `__getitem__` and `__len__` or `num_batches`.
        shuffle: whether the batches come in a new order each epoch.
        class_weight: weights of the rows by class.
        finite: whether inputs must be finite numbers.
    """

    def __init__(
        self,
        dataset: Any,
        shuffle: bool | str = False,
        class_weight: ClassWeight = None,
        finite: bool = True,
    ) -> None:
        self.dataset = dataset
        self.class_weight = class_weight
        self.finite = finite
        self.rows: int | None = None
        self.seed = SeedGenerator() if shuffle else None
        if self.steps == 0:
            raise ValueError(f"{type(dataset).__name__} expected at least one batch, got none.")

    @property
    def steps(self) -> int | None:
        """How many batches an epoch has now; `None` if it never ends."""
        if hasattr(self.dataset, "num_batches"):
            return self.dataset.num_batches
        return len(self.dataset)

    def first(self) -> Batch:
        return self._batch(self.dataset[0], 0)

    def epoch(self) -> Iterator[Batch]:
        _call(self.dataset, "on_epoch_begin")
        steps = self.steps
        order: Iterable[int] = itertools.count() if steps is None else range(steps)
        if self.seed is not None and steps is not None:
            order = self.seed.generator().permutation(steps).tolist()
        for index, batch in _prefetched(self.dataset, order):
            yield self._batch(batch, index)
        _call(self.dataset, "on_epoch_end")

    def _batch(self, batch: Any, index: int) -> Batch:
        return standard_batch(batch, index, self.class_weight, self.finite)


def _call(dataset: Any, name: str) -> None:
    method = getattr(dataset, name, None)
    if method is not None:
        method()


def _prefetched(dataset: Any, order: Iterable[int]) -> Iterator[tuple[int, Any]]:
    """Number and batch, in order; prepared ahead by threads if the data set asks for them."""
    workers = getattr(dataset, "workers", 1) or 1
    if workers < 2:
        yield from ((index, dataset[index]) for index in order)
        return
    from concurrent.futures import ThreadPoolExecutor

    pending = iter(order)
    with ThreadPoolExecutor(workers) as pool:
        waiting = deque(
            (index, pool.submit(dataset.__getitem__, index))
            for index in itertools.islice(pending, max(int(dataset.max_queue_size), workers))
        )
        try:
            while waiting:
                index, future = waiting.popleft()
                batch = future.result()
                for following in itertools.islice(pending, 1):
                    waiting.append((following, pool.submit(dataset.__getitem__, following)))
                yield index, batch
        finally:
            for _, future in waiting:
                future.cancel()


class IterableSource:
    """Batches of a generator (one pass, then it is empty) or of any other iterable.

    Args:
        iterable: yields `(x,)`, `(x, y)` or `(x, y, sample_weight)`.
        class_weight: weights of the rows by class.
        finite: whether inputs must be finite numbers.
    """

    def __init__(
        self, iterable: Iterable[Any], class_weight: ClassWeight = None, finite: bool = True
    ) -> None:
        self.class_weight = class_weight
        self.finite = finite
        self.rows: int | None = None
        self.iterable = iterable
        self.once = iter(iterable) is iterable
        self.steps: int | None = None if self.once else _length(iterable)
        self.peeked: list[Any] = []
        self.served = 0

    def first(self) -> Batch:
        if not self.peeked:
            try:
                self.peeked.append(next(iter(self.iterable)))
            except StopIteration:
                raise ValueError(
                    f"x expected a {type(self.iterable).__name__} with at least one batch, "
                    "got an empty one."
                ) from None
        return standard_batch(self.peeked[0], 0, self.class_weight, self.finite)

    def epoch(self) -> Iterator[Batch]:
        self.served = self.served if self.once else 0
        waiting: Iterable[Any] = ()
        if self.once:
            waiting, self.peeked = self.peeked, []
        for batch in itertools.chain(waiting, self.iterable):
            yield standard_batch(batch, self.served, self.class_weight, self.finite)
            self.served += 1


def _length(iterable: Any) -> int | None:
    try:
        return len(iterable)
    except TypeError:
        return None


def standard_batch(
    batch: Any, index: int | None, class_weight: ClassWeight = None, finite: bool = True
) -> Batch:
    """One batch of a user's data set as arrays, checked as `fit` checks whole arrays."""
    x, y, sample_weight = unpack_x_y_sample_weight(batch)
    where = "" if index is None else f" of batch {index + 1}"
    x = to_arrays(f"x{where}", x, texts=True)
    y = to_arrays(f"y{where}", y)
    sample_weight = to_arrays(f"sample_weight{where}", sample_weight)
    if x is None:
        raise ValueError(f"x{where} expected an array, got None.")
    check_same_rows(**{f"x{where}": x, f"y{where}": y, f"sample_weight{where}": sample_weight})
    if finite:
        check_finite("x", x, where)
    if class_weight is not None and y is not None:
        if sample_weight is not None:
            raise ValueError("class_weight and sample_weight cannot be given together.")
        sample_weight = class_weights_to_sample_weights(y, class_weight)
    x, y, sample_weight = (
        rebuild(part, [_as_floatx(array) for array in leaves(part)])
        for part in (x, y, sample_weight)
    )
    return x, y, sample_weight
