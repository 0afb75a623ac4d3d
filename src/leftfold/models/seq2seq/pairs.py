"""Pairs of sequences as batches: rows of similar lengths together, padded to their longest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from leftfold.engine.random import SeedGenerator
from leftfold.models.buckets import similar_lengths
from leftfold.models.data_sources import PyDataset


class Sentences:
    """Rows of token ids of any lengths, end to end in one array.

    Args:
        rows: lists or arrays of ids, or an array padded with zeros behind its rows.
        vocabulary: how many ids there are.
        name: of the argument, for messages.

    Raises:
        ValueError: for what is no row of ids, an id outside the vocabulary, or padding inside a
            row.

    Example:
        >>> sentences = Sentences([[4, 5, 6], [7]], 9, "source")
        >>> sentences.padded(np.array([1, 0])).tolist()
        [[7, 0, 0], [4, 5, 6]]
    """

    def __init__(self, rows: Any, vocabulary: int, name: str) -> None:
        if isinstance(rows, np.ndarray) and rows.ndim == 2:
            lengths = _lengths(rows)
            flat = rows[np.arange(rows.shape[1]) < lengths[:, None]]
        elif isinstance(rows, Sequence | np.ndarray) and not isinstance(rows, str):
            arrays = [np.asarray(row) for row in rows]
            wrong = [i for i, a in enumerate(arrays) if a.ndim != 1]
            if wrong:
                raise ValueError(
                    f"{name} expected rows of token ids, got row {wrong[0]} of shape "
                    f"{arrays[wrong[0]].shape}."
                )
            lengths = np.array([len(a) for a in arrays], np.int64)
            flat = np.concatenate([a for a in arrays if len(a)] or [np.zeros(0, np.int32)])
        else:
            raise ValueError(f"{name} expected rows of token ids, got {type(rows).__name__}.")
        if flat.dtype.kind not in "iu":
            raise ValueError(f"{name} expected integers as ids, got {flat.dtype}.")
        outside = flat[(flat < 0) | (flat >= vocabulary)]
        if outside.size:
            raise ValueError(
                f"{name} expected ids from 1 to {vocabulary - 1}, for a vocabulary of "
                f"{vocabulary}, got {outside[0]}."
            )
        if (flat == 0).any():
            raise ValueError(f"{name} expected 0, the padding, only behind rows, got it inside.")
        self.flat = flat.astype(np.int32)
        self.lengths = lengths
        self._starts = np.cumsum(lengths) - lengths

    def __len__(self) -> int:
        return len(self.lengths)

    def padded(self, rows: np.ndarray) -> np.ndarray:
        """The chosen rows, (rows, longest), int32, with zeros behind the shorter ones."""
        lengths = self.lengths[rows]
        inside = np.arange(max(int(lengths.max(initial=0)), 1)) < lengths[:, None]
        ids = np.zeros(inside.shape, np.int32)
        places = self._starts[rows][:, None] + np.arange(inside.shape[1])
        ids[inside] = self.flat[places[inside]]
        return ids


def _lengths(rows: np.ndarray) -> np.ndarray:
    """Of each row up to its last id that is not 0."""
    real = rows != 0
    lengths: np.ndarray = np.where(
        real.any(axis=1), rows.shape[1] - real[:, ::-1].argmax(axis=1), 0
    ).astype(np.int64)
    return lengths


class PairBatches(PyDataset):
    """Batches `(source, target)` of padded ids.

    Args:
        source: the sentences to read.
        target: what to make of each.
        batch_size: pairs in a batch.
        shuffle: whether each epoch has other batches.
        bucket_by_length: whether the pairs of a batch have similar lengths.

    Raises:
        ValueError: for other numbers of sources than of targets, or none, or an empty source.
    """

    def __init__(
        self,
        source: Sentences,
        target: Sentences,
        batch_size: int,
        shuffle: bool,
        bucket_by_length: bool,
    ) -> None:
        super().__init__()
        if len(source) != len(target) or not len(source):
            raise ValueError(
                f"source and target expected as many rows, at least one, got {len(source)} and "
                f"{len(target)}."
            )
        if not source.lengths.all():
            raise ValueError(
                f"source expected at least one id in each row, got none in row "
                f"{int(np.argmin(source.lengths))}."
            )
        self.source, self.target = source, target
        self.batch_size = batch_size
        self.keys = target.lengths * (int(source.lengths.max()) + 1) + source.lengths
        self.seed = SeedGenerator() if shuffle else None
        self.bucket_by_length = bucket_by_length
        self.order = np.arange(len(source))
        if self.seed is None and bucket_by_length:
            self.order = np.argsort(self.keys, kind="stable")

    def __len__(self) -> int:
        return -(-len(self.order) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        return self.source.padded(rows), self.target.padded(rows)

    def on_epoch_begin(self) -> None:
        """Draw the order of the epoch."""
        if self.seed is None:
            return
        generator = self.seed.generator()
        if self.bucket_by_length:
            self.order = similar_lengths(self.keys, generator, self.batch_size)
        else:
            self.order = generator.permutation(len(self.order))
