"""Windows that move over the inner axes of a tensor: what convolution and pooling share."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from leftfold.engine import workspace
from leftfold.engine.symbolic import Shape

_PADDINGS = ("valid", "same", "causal")


class Windows(NamedTuple):
    """Windows over `(batch, *sizes, channels)`, one for each element of the output.

    Args:
        size: elements along each axis that a window sees.
        strides: how far apart two windows are.
        dilation: how far apart two elements of a window are.
        padding: `"valid"`: windows lie inside; `"same"`: the inputs get a margin on both sides,
            so that there is a window for every `strides` elements; `"causal"`: as `"same"`, with
            the whole margin in front, so that no window sees what comes after its output.
    """

    size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: str

    def counts(self, sizes: Sequence[int | None]) -> tuple[Any, ...]:
        """How many windows there are along each axis; `None` where that is unknown.

        Raises:
            ValueError: for an axis on which no window fits.
        """
        found: list[int | None] = []
        for n, span, stride in zip(sizes, self.spans, self.strides, strict=True):
            if n is not None and n < span and self.padding == "valid":
                raise ValueError(
                    f"expected inputs of at least {span} elements along every axis that a window "
                    f"of {span} moves over, got sizes {tuple(sizes)}"
                )
            left = None if n is None else n - span if self.padding == "valid" else n - 1
            found.append(None if left is None else left // stride + 1)
        return tuple(found)

    @property
    def spans(self) -> tuple[int, ...]:
        """From the first to the last element of a window, both counted."""
        return tuple((k - 1) * d + 1 for k, d in zip(self.size, self.dilation, strict=True))

    def margins(self, sizes: Sequence[int]) -> list[tuple[int, int]]:
        """How many elements to add before and behind each axis."""
        if self.padding == "valid":
            return [(0, 0)] * len(sizes)
        if self.padding == "causal":
            return [(span - 1, 0) for span in self.spans]
        margins = []
        steps = zip(sizes, self.spans, self.strides, strict=True)
        for n, span, stride in steps:
            total = max((n - 1) // stride * stride + span - n, 0)
            margins.append((total // 2, total - total // 2))
        return margins

    def pad(self, x: np.ndarray, value: float = 0.0) -> np.ndarray:
        """`x` with its margins; `x` itself where there are none."""
        margins = self.margins(x.shape[1:-1])
        if not any(map(any, margins)):
            return x
        sizes = [n + sum(pair) for n, pair in zip(x.shape[1:-1], margins, strict=True)]
        padded = workspace.empty((x.shape[0], *sizes, x.shape[-1]), x.dtype)
        padded.fill(value)
        self.without_margins(padded, x.shape[1:-1])[...] = x
        return padded

    def without_margins(self, padded: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
        """The part of an array with margins that is not margin."""
        starts = [before for before, _ in self.margins(sizes)]
        inner = [slice(b, b + n) for b, n in zip(starts, sizes, strict=True)]
        whole = (slice(None), *inner)
        return padded[whole]

    def view(self, padded: np.ndarray) -> np.ndarray:
        """Every window, `(batch, *counts, *size, channels)`, without a copy."""
        batch, *inner, channels = padded.strides
        steps = [n * s for n, s in zip(inner, self.strides, strict=True)]
        within = [n * d for n, d in zip(inner, self.dilation, strict=True)]
        return np.lib.stride_tricks.as_strided(
            padded,
            (padded.shape[0], *self._fitting(padded), *self.size, padded.shape[-1]),
            (batch, *steps, *within, channels),
            writeable=False,
        )

    def places(self, padded: np.ndarray) -> Iterator[tuple[tuple[int, ...], Any]]:
        """Each place in a window, and the index of what all windows have there."""
        counts = self._fitting(padded)
        for place in itertools.product(*map(range, self.size)):
            firsts = [p * d for p, d in zip(place, self.dilation, strict=True)]
            steps = zip(firsts, counts, self.strides, strict=True)
            yield place, (slice(None), *(slice(f, f + n * s, s) for f, n, s in steps))

    def _fitting(self, padded: np.ndarray) -> list[int]:
        inner = zip(padded.shape[1:-1], self.spans, self.strides, strict=True)
        return [(n - span) // stride + 1 for n, span, stride in inner]


def windows(
    operation: str,
    rank: int,
    size: Any,
    strides: Any,
    padding: Any,
    dilation: Any = 1,
    names: tuple[str, ...] = _PADDINGS,
) -> Windows:
    """The windows meant by the arguments of an operation.

    Args:
        operation: how messages call it.
        rank: the number of axes that windows move over.
        size: one number for all axes, or one for each.
        strides: alike.
        padding: one of `names`, in any case.
        dilation: as `size`.
        names: the paddings that the operation knows.

    Raises:
        ValueError: naming the argument that is none of these.
    """
    if not isinstance(padding, str) or padding.lower() not in names:
        known = ", ".join(map(repr, names))
        raise ValueError(f"{operation} expected padding to be one of {known}, got {padding!r}.")
    padding = padding.lower()
    if padding == "causal" and rank != 1:
        raise ValueError(f"{operation} expected one axis of time for padding 'causal', got {rank}.")
    return Windows(
        per_axis(operation, "the window's size", size, rank),
        per_axis(operation, "strides", strides, rank),
        per_axis(operation, "dilation_rate", dilation, rank),
        padding,
    )


def per_axis(operation: str, argument: str, value: Any, rank: int) -> tuple[int, ...]:
    """One positive integer for each axis.

    Raises:
        ValueError: naming the operation and the argument, for anything else.
    """
    values = tuple(value) if isinstance(value, list | tuple) else (value,) * rank
    if len(values) != rank or not all(
        isinstance(n, int | np.integer) and not isinstance(n, bool) and n > 0 for n in values
    ):
        several = f" or {rank} of them" if rank > 1 else ""
        raise ValueError(
            f"{operation} expected {argument} to be a positive integer{several}, got {value!r}."
        )
    return tuple(int(n) for n in values)


def sliding(operation: str, over: Windows, shape: Shape, data_format: str) -> Shape:
    """The shape of a tensor with a window in place of each element, channels unchanged.

    Raises:
        ValueError: where no window fits.
    """
    first = data_format == "channels_first"
    sizes = shape[2:] if first else shape[1:-1]
    try:
        counts = over.counts(sizes)
    except ValueError as problem:
        raise ValueError(f"{operation} {problem} (input shape {tuple(shape)}).") from None
    return (*shape[:2], *counts) if first else (shape[0], *counts, shape[-1])


def channels_last(x: np.ndarray, data_format: str) -> np.ndarray:
    """`x` with its channels behind, a view."""
    return np.moveaxis(x, 1, -1) if data_format == "channels_first" else x


def channels_back(x: np.ndarray, data_format: str) -> np.ndarray:
    """The opposite of `channels_last`."""
    return np.moveaxis(x, -1, 1) if data_format == "channels_first" else x


def data_format_of(operation: str, value: Any) -> str:
    """`value`, or `"channels_last"` for `None`.

    Raises:
        ValueError: for anything else.
    """
    if value not in (None, "channels_last", "channels_first"):
        raise ValueError(
            f"{operation} expected data_format 'channels_last' or 'channels_first', got {value!r}."
        )
    return value or "channels_last"
