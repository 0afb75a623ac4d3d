"""`tf.lookup`: tables from keys to values."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine import Tensor

__all__ = ["KeyValueTensorInitializer", "StaticHashTable"]


class KeyValueTensorInitializer:
    """The keys and values of a table.

    Args:
        keys: texts or whole numbers.
        values: as many texts or numbers.
        key_dtype: accepted; keys keep their type.
        value_dtype: the type of numbers.
    """

    def __init__(
        self,
        keys: Any,
        values: Any,
        key_dtype: Any = None,
        value_dtype: Any = None,
        name: Any = None,
    ) -> None:
        self.keys = [_plain(key) for key in np.asarray(keys, object).ravel()]
        values = np.asarray(values)
        self.values = (
            values.astype(value_dtype) if values.dtype.kind in "iuf" and value_dtype else values
        )
        if len(self.keys) != len(self.values):
            raise ValueError(
                f"KeyValueTensorInitializer expected as many values as keys, got "
                f"{len(self.values)} for {len(self.keys)}."
            )


class StaticHashTable:
    """A table that looks up each element of a tensor.

    Args:
        initializer: its keys and values.
        default_value: for keys that it does not have.

    Example:
        >>> table = StaticHashTable(KeyValueTensorInitializer(["a", "b"], [1, 2]), -1)
        >>> table.lookup(["b", "q"]).tolist()
        [2, -1]
    """

    def __init__(
        self, initializer: KeyValueTensorInitializer, default_value: Any, **options: Any
    ) -> None:
        self._values = dict(zip(initializer.keys, initializer.values.tolist(), strict=True))
        self._kind = object if initializer.values.dtype.kind in "USO" else initializer.values.dtype
        self._default = default_value

    def lookup(self, keys: Any, name: Any = None) -> Tensor:
        """The value of each key."""
        given = keys.data if isinstance(keys, Tensor) else np.asarray(keys, object)
        found = np.empty(given.shape, self._kind)
        for place, key in np.ndenumerate(given):
            found[place] = self._values.get(_plain(key), self._default)
        return Tensor(found)

    __getitem__ = lookup

    def size(self, name: Any = None) -> Tensor:
        """How many keys there are."""
        return Tensor(np.asarray(len(self._values), np.int64))


def _plain(key: Any) -> Any:
    if isinstance(key, bytes):
        return key.decode()
    return key.item() if isinstance(key, np.generic) else key
