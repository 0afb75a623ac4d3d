"""`Dataset`: elements one after the other, changed on the way, with the methods of `tf.data`.

In plain Python. An element is an array, or a tuple or dictionary of arrays; whoever iterates
receives tensors.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from leftfold.engine import Tensor
from leftfold.engine.random import SeedGenerator
from leftfold.engine.symbolic import leaves, map_structure
from leftfold.preprocessing.elements import (
    as_structure,
    call_with,
    draw,
    row_of,
    stack,
    stack_padded,
    to_array,
    to_arrays,
    to_tensors,
    typed,
)

INFINITE_CARDINALITY = -1
UNKNOWN_CARDINALITY = -2


class TensorSpec:
    """The shape and type that tensors will have.

    Args:
        shape: the sizes, `None` where they vary.
        dtype: the element type.
        name: a name.
    """

    def __init__(self, shape: Any = None, dtype: Any = "float32", name: str | None = None) -> None:
        self.shape = shape
        self.dtype = dtype
        self.name = name

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self.shape}, dtype={self.dtype!r})"


class Dataset:
    """Elements that can be gone through again and again.

    Made by `from_tensor_slices`, `from_tensors`, `from_generator`, `range` or `zip`; every
    method that changes elements returns a new data set.

    Example:
        >>> batches = Dataset.from_tensor_slices(([1, 2, 3], [4, 5, 6])).batch(2)
        >>> [(x.tolist(), y.tolist()) for x, y in batches]
        [([1, 2], [4, 5]), ([3], [6])]
    """

    def __init__(self, elements: Callable[[], Iterator[Any]], length: int | None = None) -> None:
        self._elements = elements
        self._length = length
        self.class_names: list[str] | None = None

    def __iter__(self) -> Iterator[Any]:
        return (to_tensors(element) for element in self._elements())

    def __len__(self) -> int:
        if self._length is None or self._length < 0:
            kind = "infinite" if self._length == INFINITE_CARDINALITY else "unknown"
            raise TypeError(f"The length of this Dataset is {kind}.")
        return self._length

    def cardinality(self) -> Tensor:
        """How many elements there are; -1 for endlessly many, -2 where that is unknown."""
        length = UNKNOWN_CARDINALITY if self._length is None else self._length
        return Tensor(np.asarray(length, np.int64))

    @property
    def element_spec(self) -> Any:
        """The shapes and types of the first element, in its structure."""
        first = to_tensors(next(iter(self._elements())))
        return map_structure(lambda part: TensorSpec(part.shape, part.dtype), first)

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The elements as NumPy arrays."""
        return self._elements()

    @staticmethod
    def from_tensor_slices(tensors: Any, name: Any = None) -> Dataset:
        """One element for each row of an array, or of several equally long ones."""
        arrays = map_structure(to_array, as_structure(tensors))
        lengths = {len(array) for array in leaves(arrays)}
        if len(lengths) != 1:
            raise ValueError(
                "Dataset.from_tensor_slices expected arrays of one length, got lengths "
                f"{', '.join(map(str, sorted(lengths)))}."
            )
        length = lengths.pop()

        def elements() -> Iterator[Any]:
            for row in range(length):
                yield row_of(arrays, row)

        return Dataset(elements, length)

    @staticmethod
    def from_tensors(tensors: Any, name: Any = None) -> Dataset:
        """One element: all of it."""
        element = map_structure(to_array, as_structure(tensors))
        return Dataset(lambda: iter([element]), 1)

    @staticmethod
    def from_generator(
        generator: Callable[..., Iterable[Any]],
        output_types: Any = None,
        output_shapes: Any = None,
        args: Any = None,
        output_signature: Any = None,
        name: Any = None,
    ) -> Dataset:
        """What a function yields, called anew for every pass.

        Args:
            generator: a function that returns an iterable of elements.
            output_types: the types of an element's parts, in its structure.
            output_shapes: accepted as in TensorFlow; the arrays have their own.
            args: arguments of `generator`.
            output_signature: `tf.TensorSpec`s, instead of types.
            name: accepted as in TensorFlow.
        """
        if not callable(generator):
            raise TypeError("Dataset.from_generator expected a function that makes a generator.")
        types = output_types if output_signature is None else output_signature

        def elements() -> Iterator[Any]:
            for element in generator(*(args or ())):
                yield typed(element, types)

        return Dataset(elements)

    @staticmethod
    def range(*args: int, output_type: Any = "int64", name: Any = None) -> Dataset:
        """Whole numbers, as Python's `range` counts."""
        numbers = range(*(int(a) for a in args))
        return Dataset(
            lambda: (np.asarray(number, output_type) for number in numbers), len(numbers)
        )

    @staticmethod
    def zip(*args: Any, datasets: Any = None, name: Any = None) -> Dataset:
        """Elements side by side, until the shortest data set ends."""
        listed = datasets if datasets is not None else args[0] if len(args) == 1 else args
        lengths = [d._length for d in listed]
        known = [n for n in lengths if n is not None and n >= 0]
        length = min(known) if known and None not in lengths else None
        return Dataset(lambda: zip(*(d._elements() for d in listed), strict=False), length)

    def shuffle(
        self,
        buffer_size: int,
        seed: int | None = None,
        reshuffle_each_iteration: bool = True,
        name: Any = None,
    ) -> Dataset:
        """The elements in random order, each drawn from the next `buffer_size` ones.

        The order follows `set_random_seed`, or `seed` where it is given.
        """
        size = int(buffer_size)
        if size < 1:
            raise ValueError(f"Dataset.shuffle expected a positive buffer_size, got {size}.")
        seeds = SeedGenerator(seed)

        def elements() -> Iterator[Any]:
            again = seeds if reshuffle_each_iteration else SeedGenerator(seeds.seed)
            random = again.generator()
            buffer: list[Any] = []
            for element in self._elements():
                buffer.append(element)
                if len(buffer) == size:
                    yield draw(buffer, random)
            while buffer:
                yield draw(buffer, random)

        return Dataset(elements, self._length)

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls: Any = None,
        deterministic: Any = None,
        name: Any = None,
    ) -> Dataset:
        """`batch_size` elements stacked into one; the last one may be smaller."""
        return self._batched(int(batch_size), drop_remainder, stack)

    def padded_batch(
        self,
        batch_size: int,
        padded_shapes: Any = None,
        padding_values: Any = None,
        drop_remainder: bool = False,
        name: Any = None,
    ) -> Dataset:
        """`batch_size` elements stacked, shorter ones filled up at their end.

        Args:
            batch_size: elements in a batch.
            padded_shapes: the shape to fill up to, `None` or -1 for the longest in the batch.
            padding_values: what to fill with; zeros by default.
            drop_remainder: whether a smaller last batch is left out.
            name: accepted as in TensorFlow.
        """

        def padded(elements: list[Any]) -> Any:
            return stack_padded(elements, padded_shapes, padding_values)

        return self._batched(int(batch_size), drop_remainder, padded)

    def _batched(
        self, size: int, drop_remainder: bool, join: Callable[[list[Any]], Any]
    ) -> Dataset:
        if size < 1:
            raise ValueError(f"Dataset.batch expected a positive batch_size, got {size}.")

        def elements() -> Iterator[Any]:
            source = self._elements()
            while group := list(itertools.islice(source, size)):
                if len(group) == size or not drop_remainder:
                    yield join(group)

        length = self._length
        if length is not None and length >= 0:
            length = length // size if drop_remainder else -(-length // size)
        return Dataset(elements, length)

    def unbatch(self, name: Any = None) -> Dataset:
        """The rows of each element."""

        def elements() -> Iterator[Any]:
            for element in self._elements():
                yield from Dataset.from_tensor_slices(element)._elements()

        return Dataset(elements)

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: Any = None,
        deterministic: Any = None,
        name: Any = None,
    ) -> Dataset:
        """`map_func` of each element; the parts of a tuple are its arguments."""
        return Dataset(
            lambda: (to_arrays(call_with(map_func, element)) for element in self._elements()),
            self._length,
        )

    def filter(self, predicate: Callable[..., Any], name: Any = None) -> Dataset:
        """The elements for which `predicate` is true."""
        return Dataset(
            lambda: (element for element in self._elements() if bool(call_with(predicate, element)))
        )

    def flat_map(self, map_func: Callable[..., Dataset], name: Any = None) -> Dataset:
        """The elements of the data sets that `map_func` makes of each element."""

        def elements() -> Iterator[Any]:
            for element in self._elements():
                yield from call_with(map_func, element)._elements()

        return Dataset(elements)

    def window(
        self,
        size: int,
        shift: int | None = None,
        stride: int = 1,
        drop_remainder: bool = False,
        name: Any = None,
    ) -> Dataset:
        """Data sets of `size` elements that follow each other, each `shift` further on."""
        step = size if shift is None else shift

        def elements() -> Iterator[Any]:
            everything = list(self._elements())
            for start in range(0, len(everything), step):
                part = everything[start : start + (size - 1) * stride + 1 : stride]
                if len(part) == size or not drop_remainder:
                    yield Dataset(part.__iter__, len(part))

        return Dataset(elements)

    def repeat(self, count: int | None = None, name: Any = None) -> Dataset:
        """All elements `count` times; without end by default."""
        endless = count is None or count < 0

        def elements() -> Iterator[Any]:
            for _ in itertools.count() if endless else range(int(count or 0)):
                yield from self._elements()

        if endless:
            return Dataset(elements, INFINITE_CARDINALITY)
        known = self._length is not None and self._length >= 0
        return Dataset(elements, self._length * int(count or 0) if known else self._length)  # type: ignore[operator]

    def take(self, count: int, name: Any = None) -> Dataset:
        """The first `count` elements; all of them for -1."""
        if count < 0:
            return self
        length = self._length
        if length is not None:
            length = count if length < 0 else min(length, count)
        return Dataset(lambda: itertools.islice(self._elements(), int(count)), length)

    def skip(self, count: int, name: Any = None) -> Dataset:
        """What follows the first `count` elements."""
        length = self._length
        if length is not None and length >= 0:
            length = max(0, length - count)
        return Dataset(lambda: itertools.islice(self._elements(), int(count), None), length)

    def concatenate(self, dataset: Dataset, name: Any = None) -> Dataset:
        """The elements of this data set, then those of another."""
        lengths = self._length, dataset._length
        known = all(n is not None and n >= 0 for n in lengths)
        return Dataset(
            lambda: itertools.chain(self._elements(), dataset._elements()),
            sum(lengths) if known else None,  # type: ignore[arg-type]
        )

    def enumerate(self, start: int = 0, name: Any = None) -> Dataset:
        """Each element with its number in front."""
        return Dataset(
            lambda: (
                (np.asarray(number, np.int64), element)
                for number, element in enumerate(self._elements(), start)
            ),
            self._length,
        )

    def cache(self, filename: str = "", name: Any = None) -> Dataset:
        """The elements as they came on the first complete pass, kept in memory."""
        kept: list[Any] = []
        complete: list[bool] = []

        def elements() -> Iterator[Any]:
            if complete:
                yield from kept
                return
            fresh = []
            for element in self._elements():
                fresh.append(element)
                yield element
            kept[:] = fresh
            complete.append(True)

        return Dataset(elements, self._length)

    def prefetch(self, buffer_size: Any = None, name: Any = None) -> Dataset:
        """The same elements: they are made when they are wanted."""
        return self

    def with_options(self, options: Any, name: Any = None) -> Dataset:
        """The same elements; there is nothing to choose."""
        return self

    def get_single_element(self, name: Any = None) -> Any:
        """The only element.

        Raises:
            ValueError: where there is none, or more than one.
        """
        found = list(itertools.islice(self, 2))
        if len(found) != 1:
            raise ValueError("Dataset.get_single_element expected exactly one element.")
        return found[0]
