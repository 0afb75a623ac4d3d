"""Several tensors into one."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from leftfold import ops
from leftfold.engine.symbolic import Shape
from leftfold.layers.call import is_shape, mask_of
from leftfold.layers.layer import Layer
from leftfold.layers.serialization import known_layer


class Merge(Layer):
    """Base of the layers that take a list of tensors.

    Where every input has a mask, the output's is their union.
    """

    steady = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Refuse shapes that cannot be merged."""
        if is_shape(input_shape) or not isinstance(input_shape, list | tuple) or not input_shape:
            raise ValueError(f"{self._called} expected a list of tensors, got one tensor.")
        self.compute_output_shape(input_shape)

    def call(self, inputs: Any) -> Any:
        rank = max(len(x.shape) for x in inputs)
        masks = mask_of(inputs) or [None] * len(inputs)
        return self._merge([_of_rank(x, rank) for x in inputs], masks)

    def _merge(self, inputs: list[Any], masks: Sequence[Any]) -> Any:
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Any) -> Any:
        batches = {shape[0] for shape in input_shape} - {None}
        if len(batches) > 1:
            raise ValueError(
                f"{self._called} expected inputs with the same batch size, got shapes "
                f"{_listed(input_shape)}."
            )
        sizes = functools.reduce(
            functools.partial(self._broadcast, input_shape), [shape[1:] for shape in input_shape]
        )
        return (batches.pop() if batches else None, *sizes)

    def _broadcast(self, shapes: Any, first: Shape, second: Shape) -> Shape:
        """The shape of an elementwise operation on two shapes."""
        longer, shorter = sorted((tuple(first), tuple(second)), key=len, reverse=True)
        padded = (1,) * (len(longer) - len(shorter)) + shorter
        for n, m in zip(longer, padded, strict=True):
            if None not in (n, m) and n != m and 1 not in (n, m):
                raise ValueError(
                    f"{self._called} expected inputs of the same shape, got {_listed(shapes)}."
                )
        pairs = list(zip(longer, padded, strict=True))
        return tuple(
            m if n == 1 else n if m == 1 else None if None in (n, m) else n for n, m in pairs
        )

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """True where any input's mask is; `None` unless all have one."""
        if mask is None:
            return None
        self._check_masks(inputs, mask)
        if any(each is None for each in mask):
            return None
        return functools.reduce(ops.logical_or, mask)

    def _check_masks(self, inputs: Any, mask: Any) -> None:
        for name, value in (("inputs", inputs), ("mask", mask)):
            if not isinstance(value, list | tuple):
                raise ValueError(f"{self._called} expected {name} to be a list, got {value!r}.")
        if len(inputs) != len(mask):
            raise ValueError(
                f"{self._called} expected a mask, or None, for each of its {len(inputs)} inputs, "
                f"got {len(mask)}."
            )


@known_layer
class Add(Merge):
    """The sum of the inputs.

    Example:
        >>> import numpy as np
        >>> Add()([np.array([1.0]), np.array([2.0])]).tolist()
        [3.0]
    """

    def _merge(self, inputs: list[Any], masks: Sequence[Any]) -> Any:
        return functools.reduce(ops.add, inputs)


@known_layer
class Subtract(Merge):
    """The first input minus the second."""

    def build(self, input_shape: Any) -> None:
        """Refuse other than two inputs."""
        _expect_two(self, input_shape)
        super().build(input_shape)

    def _merge(self, inputs: list[Any], masks: Sequence[Any]) -> Any:
        return ops.subtract(*inputs)


@known_layer
class Multiply(Merge):
    """The product of the inputs; where an input is masked, it counts as 1."""

    def _merge(self, inputs: list[Any], masks: Sequence[Any]) -> Any:
        factors = [
            x if mask is None else ops.where(_over_features(mask, x), x, 1)
            for x, mask in zip(inputs, masks, strict=True)
        ]
        product = functools.reduce(ops.multiply, factors)
        mask = self.compute_mask(inputs, masks)
        return product if mask is None else ops.where(_over_features(mask, product), product, 0)


@known_layer
class Average(Merge):
    """The mean of the inputs."""

    def _merge(self, inputs: list[Any], masks: Sequence[Any]) -> Any:
        return functools.reduce(ops.add, inputs) / len(inputs)


class _Extreme(Merge):
    """The largest or smallest; where an input is masked, the others decide."""

    choose: Callable[[Any, Any], Any]

    def _merge(self, inputs: list[Any], masks: Sequence[Any]) -> Any:
        output, output_mask = inputs[0], masks[0]
        for x, mask in zip(inputs[1:], masks[1:], strict=True):
            other = x if mask is None else ops.where(_over_features(mask, x), x, output)
            if output_mask is not None:
                output = ops.where(_over_features(output_mask, output), output, other)
            both = mask is not None and output_mask is not None
            output_mask = ops.logical_or(output_mask, mask) if both else None
            output = type(self).choose(output, other)
        return output


@known_layer
class Maximum(_Extreme):
    """The largest of the inputs, element by element."""

    choose = staticmethod(ops.maximum)


@known_layer
class Minimum(_Extreme):
    """The smallest of the inputs, element by element."""

    choose = staticmethod(ops.minimum)


@known_layer
class Concatenate(Merge):
    """The inputs one behind the other along an axis.

    Args:
        axis: the axis, in which alone the shapes may differ.

    Example:
        >>> import numpy as np
        >>> Concatenate()([np.zeros((2, 3)), np.zeros((2, 1))]).shape
        (2, 4)
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        return ops.concatenate(inputs, axis=self.axis)

    def compute_output_shape(self, input_shape: Any) -> Any:
        sizes = [list(shape) for shape in input_shape]
        rank = len(sizes[0])
        if any(len(each) != rank for each in sizes) or not -rank <= self.axis < rank:
            raise ValueError(
                f"{self._called} expected inputs of one rank with an axis {self.axis}, got shapes "
                f"{_listed(input_shape)}."
            )
        along = [each.pop(self.axis) for each in sizes]
        output = []
        for same in zip(*sizes, strict=True):
            known = set(same) - {None}
            if len(known) > 1:
                raise ValueError(
                    f"{self._called} expected shapes that agree but for axis {self.axis}, got "
                    f"{_listed(input_shape)}."
                )
            output.append(known.pop() if known else None)
        total = None if None in along else sum(along)
        output.insert(self.axis % rank, total)
        return tuple(output)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The masks concatenated in the same way; an input without one counts in full."""
        if mask is None:
            return None
        self._check_masks(inputs, mask)
        if all(each is None for each in mask):
            return None
        wide = [
            ops.ones_like(x, dtype="bool")
            if each is None
            else ops.logical_or(ops.expand_dims(each, -1), ops.zeros_like(x, dtype="bool"))
            if len(each.shape) < len(x.shape)
            else each
            for x, each in zip(inputs, mask, strict=True)
        ]
        return ops.any(ops.concatenate(wide, axis=self.axis), axis=-1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axis": self.axis}


@known_layer
class Dot(Merge):
    """The products of two inputs, summed over one axis of each, sample by sample.

    Args:
        axes: the axis of both, or a pair of axes; not the batch's.
        normalize: whether to scale both to length 1 along these axes first, which gives their
            cosine.

    Example:
        >>> import numpy as np
        >>> Dot(axes=1)([np.ones((2, 3)), np.ones((2, 3))]).tolist()
        [[3.0], [3.0]]
    """

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pair = (axes, axes) if isinstance(axes, int) else axes
        if (
            not isinstance(pair, list | tuple)
            or len(pair) != 2
            or not all(isinstance(axis, int) for axis in pair)
        ):
            raise ValueError(f"Dot expected axes to be an integer or two, got {axes!r}.")
        self.axes = axes
        self.normalize = normalize

    def _axes(self, ranks: Sequence[int]) -> tuple[int, int]:
        first, second = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        return first % ranks[0], second % ranks[1]

    def build(self, input_shape: Any) -> None:
        """Refuse other than two inputs of the same size along the axes."""
        _expect_two(self, input_shape)
        first, second = input_shape
        i, j = self._axes((len(first), len(second)))
        if not i or not j or first[i] != second[j]:
            raise ValueError(
                f"{self._called} expected the same size along axes {i} and {j}, got shapes "
                f"{_listed(input_shape)}."
            )

    def call(self, inputs: Any) -> Any:
        first, second = inputs
        i, j = self._axes((len(first.shape), len(second.shape)))
        if self.normalize:
            first = ops.normalize(first, axis=i, order=2)
            second = ops.normalize(second, axis=j, order=2)
        first, second = ops.moveaxis(first, i, -1), ops.moveaxis(second, j, 1)
        batch, size = first.shape[0], first.shape[-1]
        rest = (*first.shape[1:-1], *second.shape[2:])
        product = ops.matmul(
            ops.reshape(first, (batch, math.prod(first.shape[1:-1]), size)),
            ops.reshape(second, (batch, size, math.prod(second.shape[2:]))),
        )
        return ops.reshape(product, (batch, *(rest or (1,))))

    def compute_output_shape(self, input_shape: Any) -> Any:
        first, second = (list(shape) for shape in input_shape)
        i, j = self._axes((len(first), len(second)))
        del first[i], second[j], second[0]
        shape = (*first, *second)
        return shape if len(shape) > 1 else (*shape, 1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """None: the timesteps are gone, or multiplied with each other."""
        return None

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axes": self.axes, "normalize": self.normalize}


def add(inputs: Any, **kwargs: Any) -> Any:
    """`Add(**kwargs)(inputs)`."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """`Subtract(**kwargs)(inputs)`."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """`Multiply(**kwargs)(inputs)`."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """`Average(**kwargs)(inputs)`."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """`Maximum(**kwargs)(inputs)`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """`Minimum(**kwargs)(inputs)`."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """`Concatenate(axis, **kwargs)(inputs)`."""
    return Concatenate(axis, **kwargs)(inputs)


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """`Dot(axes, **kwargs)(inputs)`."""
    return Dot(axes, **kwargs)(inputs)


def _of_rank(x: Any, rank: int) -> Any:
    """`x` with axes of size 1 behind the batch's until it has that rank."""
    while len(x.shape) < rank:
        x = ops.expand_dims(x, 1)
    return x


def _over_features(mask: Any, x: Any) -> Any:
    """A mask of timesteps, ready to broadcast against `x`."""
    while len(mask.shape) < len(x.shape):
        mask = ops.expand_dims(mask, -1)
    return mask


def _expect_two(layer: Layer, shapes: Any) -> None:
    if is_shape(shapes) or len(shapes) != 2:
        number = "one tensor" if is_shape(shapes) else f"{len(shapes)} tensors"
        raise ValueError(f"{layer._called} expected a list of two tensors, got {number}.")


def _listed(shapes: Any) -> str:
    return ", ".join(str(tuple(shape)) for shape in shapes)
