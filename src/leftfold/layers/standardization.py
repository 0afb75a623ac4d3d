"""Inputs brought to a common scale that the data itself gives, or that is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine import config
from leftfold.layers.layer import Layer
from leftfold.layers.serialization import known_layer


@known_layer
class Normalization(Layer):
    """`(inputs - mean) / sqrt(variance)`, with the mean and variance of data shown to `adapt`.

    Until then the mean is 0 and the variance 1. Fit it on the training part of a series alone:
    what comes later must not be known to a forecast.

    Args:
        axis: the axis or axes that have a mean and variance for each place; `None` for one pair
            for everything.
        mean: known means, instead of `adapt`: one for all, or of the shape of these axes.
        variance: known variances, alike.
        invert: go back from normalised numbers to the original ones.

    Raises:
        ValueError: for arguments that cannot be meant.

    Example:
        >>> import numpy as np
        >>> layer = Normalization()
        >>> layer.adapt(np.array([[1.0, 10.0], [3.0, 30.0]]))
        >>> layer(np.array([[3.0, 20.0]])).tolist()
        [[1.0, 0.0]]
    """

    def __init__(
        self,
        axis: Any = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        if (mean is None) != (variance is None) or np.shape(mean) != np.shape(variance):
            raise ValueError(
                "Normalization expected mean and variance together and of one shape, got mean "
                f"{mean!r} and variance {variance!r}."
            )
        if np.ndim(mean) > len(self.axis):
            raise ValueError(
                f"Normalization expected mean to have at most one axis for each of axis "
                f"{self.axis}, got shape {np.shape(mean)}."
            )
        self.input_mean = mean
        self.input_variance = variance
        self.invert = invert
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        rank = len(input_shape)
        if any(not -rank <= axis < rank for axis in self.axis):
            raise ValueError(
                f"{self._called} has no axis {self.axis} in inputs of shape {tuple(input_shape)}."
            )
        self._kept = tuple(sorted(axis % rank for axis in self.axis))
        sizes = tuple(input_shape[axis] for axis in self._kept)
        if None in sizes:
            raise ValueError(
                f"{self._called} expected a known size along axis {self.axis}, got inputs of "
                f"shape {tuple(input_shape)}."
            )
        self._along = [input_shape[axis] if axis in self._kept else 1 for axis in range(rank)]
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(sizes, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(sizes, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", dtype="int32", trainable=False, name="count")
        else:
            self._known = [
                np.broadcast_to(np.asarray(value, self.variable_dtype), sizes)
                for value in (self.input_mean, self.input_variance)
            ]

    @property
    def mean(self) -> Any:
        """The means in use, in a shape that fits the inputs; `None` before the layer is built."""
        return self._moment(0) if self.built else None

    @property
    def variance(self) -> Any:
        """The variances in use, alike."""
        return self._moment(1) if self.built else None

    def _moment(self, which: int) -> Any:
        if self.input_mean is None:
            return ops.reshape((self.adapt_mean, self.adapt_variance)[which], self._along)
        return ops.reshape(self._known[which], self._along)

    def adapt(self, data: Any) -> None:
        """Learn means and variances from data, in place of those learnt before.

        Args:
            data: an array, or batches of arrays: a data set, a generator, a list. Of batches
                that are tuples the first element counts.

        Raises:
            ValueError: for data without a number, with numbers that are not finite, or that
                does not fit the inputs that the layer was built for.
        """
        if self.input_mean is not None:
            raise ValueError(f"{self._called} was given its mean and variance: it cannot adapt.")
        count, total, squares = 0, np.zeros(()), np.zeros(())
        for batch in _batches(data):
            if not np.isfinite(batch).all():
                raise ValueError(
                    f"{self._called}.adapt expected finite numbers, got NaN or infinity: leave "
                    "such rows out, or fill them, before."
                )
            if not self.built:
                self.build((None, *batch.shape[1:]) if 0 not in self.axis else batch.shape)
            others = self._check(batch)
            size = batch.size // max(int(np.prod(self.adapt_mean.shape)), 1)
            mean = batch.mean(axis=others)
            share = size / (count + size)
            step = mean - total
            squares = squares + size * batch.var(axis=others) + step**2 * (count * share)
            total = total + step * share
            count += size
        if not count:
            raise ValueError(f"{self._called}.adapt expected data, got none.")
        self.adapt_mean.assign(total)
        self.adapt_variance.assign(squares / count)

    def _check(self, batch: np.ndarray) -> tuple[int, ...]:
        """The axes to average over."""
        fits = batch.ndim == len(self._along) and all(
            batch.shape[axis] == self._along[axis] for axis in self._kept
        )
        if not fits:
            raise ValueError(
                f"{self._called}.adapt expected data of the sizes {self._along} (1 for any) that "
                f"it was built for, got shape {batch.shape}."
            )
        return tuple(axis for axis in range(batch.ndim) if axis not in self._kept)

    def call(self, inputs: Any) -> Any:
        x = ops.cast(inputs, self.variable_dtype)
        scale = ops.maximum(ops.sqrt(self._moment(1)), config.epsilon())
        return x * scale + self._moment(0) if self.invert else (x - self._moment(0)) / scale

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "axis": self.axis,
            "invert": self.invert,
            "mean": np.array(self.input_mean).tolist(),
            "variance": np.array(self.input_variance).tolist(),
        }


@known_layer
class Rescaling(Layer):
    """`inputs * scale + offset`.

    Args:
        scale: a number, or one for each feature.
        offset: alike.

    Example:
        >>> import numpy as np
        >>> Rescaling(0.5, offset=-1.0)(np.array([2.0, 4.0])).tolist()
        [0.0, 1.0]
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        scale, offset = (np.asarray(n, self.variable_dtype) for n in (self.scale, self.offset))
        return ops.cast(inputs, self.variable_dtype) * scale + offset

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        own = {"scale": _plain(self.scale), "offset": _plain(self.offset)}
        return super().get_config() | own


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _batches(data: Any) -> Iterator[np.ndarray]:
    """The arrays that data consists of, in double precision.

    Raises:
        TypeError: for what is neither an array nor made of arrays.
    """
    if hasattr(data, "__array__"):
        yield np.asarray(data, np.float64)
        return
    if not isinstance(data, Iterable) and not hasattr(data, "__getitem__"):
        raise TypeError(f"adapt expected an array or batches of arrays, got {data!r}.")
    indexed = not isinstance(data, Iterable)
    for batch in (data[i] for i in range(len(data))) if indexed else data:
        first = batch[0] if isinstance(batch, tuple) else batch
        if not hasattr(first, "__array__"):
            raise TypeError(
                f"adapt expected an array or batches of arrays, got a batch that is {first!r}: "
                "make lists an array with numpy.array()."
            )
        yield np.asarray(first, np.float64)
