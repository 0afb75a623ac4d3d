"""The same numbers in another shape."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine import KerasTensor
from leftfold.layers.checks import positive_integer
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.layer import Layer
from leftfold.layers.serialization import known_layer


class _Reshaping(Layer):
    """A layer that keeps the element type of its input."""

    steady = True

    def compute_output_spec(self, inputs: Any) -> Any:
        return KerasTensor(self.compute_output_shape(inputs.shape), inputs.dtype)


@known_layer
class Flatten(_Reshaping):
    """All axes but the batch's made into one.

    Args:
        data_format: `"channels_last"` or `"channels_first"`, where the channels come in front
            and are moved to the end first.

    Example:
        >>> import numpy as np
        >>> Flatten()(np.zeros((2, 3, 4))).shape
        (2, 12)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = checked_data_format("Flatten", data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        rank = len(inputs.shape)
        if self.data_format == "channels_first" and rank > 1:
            inputs = ops.transpose(inputs, (0, *range(2, rank), 1))
        return ops.reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))

    def compute_output_shape(self, input_shape: Any) -> Any:
        sizes = input_shape[1:]
        return (input_shape[0], None if None in sizes else math.prod(sizes))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"data_format": self.data_format}


@known_layer
class Reshape(_Reshaping):
    """Each sample in another shape.

    Args:
        target_shape: the sizes of a sample, one of which may be -1 for what is left.

    Raises:
        ValueError: when the numbers of elements differ.
    """

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_shape = tuple(target_shape)
        if self.target_shape.count(-1) > 1 or not all(
            isinstance(n, int | np.integer) and (n > 0 or n == -1) for n in self.target_shape
        ):
            raise ValueError(
                "Reshape expected target_shape to consist of positive integers and at most one "
                f"-1, got {self.target_shape}."
            )

    def call(self, inputs: Any) -> Any:
        return ops.reshape(inputs, self.compute_output_shape(inputs.shape))

    def compute_output_shape(self, input_shape: Any) -> Any:
        sizes = input_shape[1:]
        known = math.prod(n for n in self.target_shape if n != -1)
        if None in sizes:
            return (input_shape[0], *(None if n == -1 else n for n in self.target_shape))
        total = math.prod(sizes)
        left, rest = divmod(total, known)
        if rest or (left != 1 and -1 not in self.target_shape):
            raise ValueError(
                f"{self._called} expected {known} elements in each sample for the shape "
                f"{self.target_shape}, got {total} (input shape {tuple(input_shape)})."
            )
        return (input_shape[0], *(left if n == -1 else n for n in self.target_shape))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"target_shape": self.target_shape}


@known_layer
class RepeatVector(_Reshaping):
    """The same vector at each of `n` timesteps.

    Args:
        n: the number of timesteps.
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = positive_integer("RepeatVector", "n", n)
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        return ops.repeat(ops.expand_dims(inputs, 1), self.n, axis=1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], self.n, input_shape[1])

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"n": self.n}


@known_layer
class Permute(_Reshaping):
    """The axes of each sample in another order.

    Args:
        dims: the old number of each new axis, the first of a sample being 1.
    """

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                f"Permute expected dims to be the numbers from 1 to the number of axes in some "
                f"order, got {self.dims}."
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Any:
        return ops.transpose(inputs, (0, *self.dims))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"dims": self.dims}


def checked_data_format(layer: str, value: str | None) -> str:
    """`value`, or `"channels_last"` for `None`.

    Raises:
        ValueError: for anything but `"channels_last"` and `"channels_first"`.
    """
    if value not in (None, "channels_last", "channels_first"):
        raise ValueError(
            f"{layer} expected data_format 'channels_last' or 'channels_first', got {value!r}."
        )
    return value or "channels_last"
