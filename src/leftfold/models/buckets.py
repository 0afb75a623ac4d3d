"""Batches of similar lengths: what `fit(..., bucket_by_length=True)` trains on.

Rows are shuffled, sorted by length within pools of many batches, and cut into batches, whose
order is shuffled again. So a batch holds sequences of similar lengths, all batches together hold
every row once, and each epoch has other batches.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from leftfold.models.data import Source
from leftfold.models.data_arrays import Structure, leaves, named_leaves, rebuild
from leftfold.models.data_sources import ArraySource, Batch, gather
from leftfold.models.length_rules import Trimming, masking_layers, trimming

POOL_BATCHES = 100
_CHUNK_BYTES = 1 << 24


class Padding(NamedTuple):
    """How much of what is read is padding, as shares of all steps.

    Attributes:
        bucketed: in batches of similar lengths, each cut to its longest row where it may be.
        whole: in the arrays as they were given.
        cut: why batches are not cut; empty where they are.
    """

    bucketed: float
    whole: float
    cut: str

    def __str__(self) -> str:
        if self.cut:
            return f"Batches of similar lengths, not cut to their longest row: {self.cut}."
        return (
            f"Batches of similar lengths: {self.bucketed:.0%} of their steps are padding, "
            f"{self.whole:.0%} without bucket_by_length."
        )


class LengthBuckets:
    """Rows by the length of what is valid in them.

    Args:
        valid: boolean, (rows, timesteps): where a row has something to read.

    Attributes:
        start: the first valid step of each row.
        stop: the step behind the last valid one; `start` where there is none.
    """

    def __init__(self, valid: np.ndarray) -> None:
        some = valid.any(axis=1)
        self.timesteps = valid.shape[1]
        self.start = np.where(some, valid.argmax(axis=1), 0)
        last = self.timesteps - valid[:, ::-1].argmax(axis=1)
        self.stop = np.where(some, last, self.start)

    @property
    def lengths(self) -> np.ndarray:
        """From the first to the last valid step of each row."""
        return self.stop - self.start

    def order(self, generator: np.random.Generator, batch_size: int) -> np.ndarray:
        """All rows in an order whose successive batches hold rows of similar lengths.

        Args:
            generator: draws the order.
            batch_size: rows in a batch; a smaller last batch holds rows of any lengths.
        """
        return similar_lengths(self.lengths, generator, batch_size)

    def steps(self, rows: np.ndarray) -> slice:
        """The steps that any of `rows` has something at, and at least one."""
        some = rows[self.lengths[rows] > 0]
        if not len(some):
            return slice(0, 1)
        return slice(int(self.start[some].min()), int(self.stop[some].max()))


def similar_lengths(
    lengths: np.ndarray, generator: np.random.Generator, batch_size: int
) -> np.ndarray:
    """See `LengthBuckets.order`."""
    shuffled = generator.permutation(len(lengths))
    whole = len(lengths) // batch_size * batch_size
    pool = POOL_BATCHES * batch_size
    batches = []
    for at in range(0, whole, pool):
        rows = shuffled[at : min(at + pool, whole)]
        rows = rows[np.argsort(lengths[rows], kind="stable")]
        batches += np.split(rows, len(rows) // batch_size)
    mixed = [batches[i] for i in generator.permutation(len(batches))]
    return np.concatenate([*mixed, shuffled[whole:]])


class BucketedSource(ArraySource):
    """Batches of similar lengths, cut out of the arrays of another source.

    Args:
        source: the arrays, their batch size and the seed of their order.
        model: the model they are for, built; it tells where masks come from.

    Raises:
        ValueError: where lengths cannot be told or the order of rows matters.
    """

    def __init__(self, source: Source, model: Any) -> None:
        if not isinstance(source, ArraySource):
            raise ValueError(
                "bucket_by_length expected arrays, whose rows can be sorted by length, got a data "
                "set that yields whole batches."
            )
        if source.shuffle is not True:
            raise ValueError(
                "bucket_by_length chooses the order of rows itself and expected shuffle=True, got "
                f"shuffle={source.shuffle!r}."
            )
        super().__init__(*source.structures, source.batch_size)
        self.shuffle, self.seed = source.shuffle, source.seed
        inputs = source.structures[0]
        self._buckets = _measured(model, inputs)
        shapes = [array.shape for array in leaves(inputs)]
        self._trimming: Trimming = trimming(model, shapes, list(self._buckets))
        self._lengths = np.sum([b.lengths for b in self._buckets.values()], axis=0)
        self.padding = self._count_padding()

    def _order(self) -> np.ndarray:
        assert self.seed is not None
        return similar_lengths(self._lengths, self.seed.generator(), self.batch_size)

    def _gather(self, rows: np.ndarray) -> Batch:
        x, y, sample_weight = self.structures
        cut = [
            gather(array if steps is None else array[:, steps], rows)
            for array, steps in zip(leaves(x), self._steps(rows), strict=True)
        ]
        rest = (
            rebuild(part, [gather(array, rows) for array in leaves(part)])
            for part in (y, sample_weight)
        )
        return (rebuild(x, cut), *rest)

    def _steps(self, rows: np.ndarray) -> list[slice | None]:
        """For each input the steps that its batch keeps, `None` for all."""
        kept: dict[int, slice] = {}
        for group in self._trimming.groups:
            steps = [self._buckets[index].steps(rows) for index in group]
            whole = slice(min(s.start for s in steps), max(s.stop for s in steps))
            kept.update(dict.fromkeys(group, whole))
        return [kept.get(index) for index in range(len(leaves(self.structures[0])))]

    def _count_padding(self) -> Padding:
        """What one epoch, of an order of its own, would read."""
        order = similar_lengths(self._lengths, np.random.default_rng(0), self.batch_size)
        read = whole = 0
        for at in range(0, len(order), self.batch_size):
            rows = order[at : at + self.batch_size]
            for index, steps in enumerate(self._steps(rows)):
                if index in self._buckets:
                    timesteps = self._buckets[index].timesteps
                    width = timesteps if steps is None else steps.stop - steps.start
                    read += len(rows) * width
                    whole += len(rows) * timesteps
        valid = int(self._lengths.sum())
        return Padding(1 - valid / read, 1 - valid / whole, self._trimming.refusal)


def _measured(model: Any, inputs: Structure) -> dict[int, LengthBuckets]:
    """The lengths in each input whose first layers make masks, by the input's number."""
    found: dict[int, LengthBuckets] = {}
    readers = masking_layers(model)
    for index, (_, array) in enumerate(named_leaves("x", inputs)):
        if index < len(readers) and readers[index] and array.ndim > 1:
            found[index] = LengthBuckets(_valid(readers[index], array))
    if not found:
        raise ValueError(
            "bucket_by_length expected a model that masks its padding, so that lengths are known: "
            "give Embedding the argument mask_zero=True, or put a Masking layer first."
        )
    return found


def _valid(layers: list[Any], array: np.ndarray) -> np.ndarray:
    """Where any of the layers sees something in `array`, found part by part."""
    valid = np.zeros(array.shape[:2], bool)
    rows = max(1, _CHUNK_BYTES // max(1, array[0].nbytes))
    for at in range(0, len(array), rows):
        for layer in layers:
            valid[at : at + rows] |= np.asarray(layer.compute_mask(array[at : at + rows]))
    return valid
