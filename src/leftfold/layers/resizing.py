"""Longer and shorter sequences, larger and smaller pictures, without weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import ops
from leftfold.layers.checks import positive_integer
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.layer import Layer
from leftfold.layers.reshaping import checked_data_format
from leftfold.layers.serialization import known_layer
from leftfold.ops.windows import per_axis


@known_layer
class UpSampling1D(Layer):
    """Every timestep `size` times.

    Args:
        size: how often.

    Example:
        >>> import numpy as np
        >>> UpSampling1D(2)(np.array([[[1.0], [4.0]]])).tolist()
        [[[1.0], [1.0], [4.0], [4.0]]]
    """

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = positive_integer("UpSampling1D", "size", size)
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Any) -> Any:
        return ops.repeat(inputs, self.size, axis=1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        batch, timesteps, features = input_shape
        return (batch, None if timesteps is None else timesteps * self.size, features)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"size": self.size}


@known_layer
class UpSampling2D(Layer):
    """Every row and column several times.

    Args:
        size: how often, one number for both or two.
        data_format: `"channels_last"` for inputs `(batch, rows, columns, channels)`,
            `"channels_first"` for `(batch, channels, rows, columns)`.
        interpolation: `"nearest"`; the others of Keras are not offered.
    """

    def __init__(
        self,
        size: Any = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = per_axis("UpSampling2D", "size", size, 2)
        self.data_format = checked_data_format("UpSampling2D", data_format)
        if str(interpolation).lower() != "nearest":
            raise ValueError(
                f"UpSampling2D expected interpolation 'nearest', got {interpolation!r}: no other "
                "is offered."
            )
        self.interpolation = "nearest"
        self.input_spec = InputSpec(ndim=4)
        self._first_axis = 2 if self.data_format == "channels_first" else 1

    def call(self, inputs: Any) -> Any:
        rows = ops.repeat(inputs, self.size[0], axis=self._first_axis)
        return ops.repeat(rows, self.size[1], axis=self._first_axis + 1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = list(input_shape)
        for axis, times in enumerate(self.size, self._first_axis):
            shape[axis] = None if shape[axis] is None else shape[axis] * times
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "size": self.size,
            "data_format": self.data_format,
            "interpolation": self.interpolation,
        }


class _ZeroPadding(Layer):
    """Base: zeros before and behind what lies along some axes."""

    padding: Any

    def _edges(self) -> tuple[tuple[int, int], ...]:
        """Zeros before and behind, for each axis between the batch's and the channels'."""
        raise NotImplementedError

    def _begin(self, data_format: str | None) -> None:
        self.data_format = checked_data_format(type(self).__name__, data_format)
        rank = len(self._edges())
        self.input_spec = InputSpec(ndim=rank + 2)
        self._first_axis = 2 if self.data_format == "channels_first" else 1

    def call(self, inputs: Any) -> Any:
        before = ((0, 0),) * self._first_axis
        behind = ((0, 0),) * (2 - self._first_axis)
        return ops.pad(inputs, (*before, *self._edges(), *behind))

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = list(input_shape)
        for axis, edges in enumerate(self._edges(), self._first_axis):
            shape[axis] = None if shape[axis] is None else shape[axis] + sum(edges)
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"padding": self.padding, "data_format": self.data_format}


@known_layer
class ZeroPadding1D(_ZeroPadding):
    """Zeros before and behind the timesteps.

    Args:
        padding: how many on both sides, or a pair: before, behind.
        data_format: `"channels_last"` for inputs `(batch, timesteps, features)`,
            `"channels_first"` for `(batch, features, timesteps)`.

    Example:
        >>> import numpy as np
        >>> ZeroPadding1D((0, 2))(np.array([[[1.0], [4.0]]])).tolist()
        [[[1.0], [4.0], [0.0], [0.0]]]
    """

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = _pair("ZeroPadding1D", "padding", padding)
        self._begin(data_format)

    def _edges(self) -> tuple[tuple[int, int], ...]:
        return (self.padding,)


@known_layer
class ZeroPadding2D(_ZeroPadding):
    """Zeros around rows and columns.

    Args:
        padding: how many on all sides; or two numbers, above and below, left and right; or two
            pairs of them.
        data_format: `"channels_last"` for inputs `(batch, rows, columns, channels)`,
            `"channels_first"` for `(batch, channels, rows, columns)`.
    """

    def __init__(
        self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.padding = _pairs("ZeroPadding2D", "padding", padding)
        self._begin(data_format)

    def _edges(self) -> tuple[tuple[int, int], ...]:
        return self.padding


class _Cropping(Layer):
    """Base: less at both ends of some axes."""

    cropping: Any
    _first_axis = 1

    def _edges(self) -> tuple[tuple[int, int], ...]:
        """How much to cut in front and behind, for each axis."""
        raise NotImplementedError

    def call(self, inputs: Any) -> Any:
        shape = self.compute_output_shape(inputs.shape)
        key = [slice(None)] * len(shape)
        for axis, (front, _) in enumerate(self._edges(), self._first_axis):
            key[axis] = slice(front, front + shape[axis])
        return inputs[tuple(key)]

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = list(input_shape)
        for axis, edges in enumerate(self._edges(), self._first_axis):
            if shape[axis] is None:
                continue
            if sum(edges) >= shape[axis]:
                raise ValueError(
                    f"{self._called} expected inputs larger than its cropping {self.cropping}, "
                    f"got shape {tuple(input_shape)}."
                )
            shape[axis] -= sum(edges)
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"cropping": self.cropping}


@known_layer
class Cropping1D(_Cropping):
    """Fewer timesteps.

    Args:
        cropping: how many to leave out at both ends, or a pair: in front, behind.

    Raises:
        ValueError: for inputs of which nothing would be left.

    Example:
        >>> import numpy as np
        >>> Cropping1D((1, 0))(np.array([[[1.0], [4.0], [2.0]]])).tolist()
        [[[4.0], [2.0]]]
    """

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cropping = _pair("Cropping1D", "cropping", cropping)
        self.input_spec = InputSpec(ndim=3)

    def _edges(self) -> tuple[tuple[int, int], ...]:
        return (self.cropping,)


@known_layer
class Cropping2D(_Cropping):
    """Fewer rows and columns.

    Args:
        cropping: how many to leave out on all sides; or two numbers, above and below, left and
            right; or two pairs of them.
        data_format: as in `ZeroPadding2D`.

    Raises:
        ValueError: for inputs of which nothing would be left.
    """

    def __init__(
        self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.cropping = _pairs("Cropping2D", "cropping", cropping)
        self.data_format = checked_data_format("Cropping2D", data_format)
        self._first_axis = 2 if self.data_format == "channels_first" else 1
        self.input_spec = InputSpec(ndim=4)

    def _edges(self) -> tuple[tuple[int, int], ...]:
        return self.cropping

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"data_format": self.data_format}


def _pair(layer: str, argument: str, value: Any) -> tuple[int, int]:
    """Two numbers that are not negative, out of one or two.

    Raises:
        ValueError: naming the layer and the argument, for anything else.
    """
    pair = tuple(value) if isinstance(value, list | tuple) else (value, value)
    if len(pair) != 2 or not all(map(_is_count, pair)):
        raise ValueError(
            f"{layer} expected {argument} to be a number of 0 or more, or two, got {value!r}."
        )
    return int(pair[0]), int(pair[1])


def _pairs(layer: str, argument: str, value: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    """Two pairs of numbers, out of one number, two, or two pairs; errors as `_pair`."""
    both = tuple(value) if isinstance(value, list | tuple) else (value, value)
    if len(both) != 2:
        raise ValueError(
            f"{layer} expected {argument} to be a number, two of them or two pairs, got {value!r}."
        )
    return _pair(layer, argument, both[0]), _pair(layer, argument, both[1])


def _is_count(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= 0)
