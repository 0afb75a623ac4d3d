"""Dropout inside a recurrence: one mask a sequence, the same at every step."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine import Tensor, primitive
from leftfold.engine.kernels import kernel
from leftfold.engine.random import Key, SeedGenerator


class DropoutRNNCell:
    """Mixed into a cell, keeps its dropout masks from the first step of a call to the last.

    The cell has `dropout` and `recurrent_dropout` (shares of the inputs and of the hidden state
    that are dropped), `seed_generator`, and may have `dropout_mask_count`, the number of
    separate masks: one by default, one a gate where every gate drops on its own. One mask shared
    by all gates of the recurrence would keep some networks from learning, so Keras's cells use
    separate ones as soon as there is recurrent dropout (Gal and Ghahramani, 2016,
    arXiv:1512.05287, compare both).
    """

    dropout: float
    recurrent_dropout: float
    seed_generator: SeedGenerator
    dropout_mask_count = 1

    _dropout_mask: Tensor | None = None
    _recurrent_dropout_mask: Tensor | None = None

    def get_dropout_mask(self, step_input: Any) -> Tensor | None:
        """Scaled masks for the inputs, (count, batch, features); `None` without dropout.

        Args:
            step_input: the inputs of one step, (batch, features).
        """
        if self._dropout_mask is None and self.dropout > 0:
            self._keep("_dropout_mask", self._draw(step_input, self.dropout))
        return self._dropout_mask

    def get_recurrent_dropout_mask(self, hidden_state: Any) -> Tensor | None:
        """Scaled masks for the hidden state, (count, batch, units); `None` without dropout.

        Args:
            hidden_state: the state before the step, (batch, units).
        """
        if self._recurrent_dropout_mask is None and self.recurrent_dropout > 0:
            mask = self._draw(hidden_state, self.recurrent_dropout)
            self._keep("_recurrent_dropout_mask", mask)
        return self._recurrent_dropout_mask

    def reset_dropout_mask(self) -> None:
        """Forget the mask for the inputs; the next step draws a new one."""
        self._keep("_dropout_mask", None)

    def reset_recurrent_dropout_mask(self) -> None:
        """Forget the mask for the hidden state; the next step draws a new one."""
        self._keep("_recurrent_dropout_mask", None)

    def _keep(self, name: str, mask: Tensor | None) -> None:
        vars(self)[name] = mask  # as an attribute that is set it would count as a new setting

    def _draw(self, like: Any, rate: float) -> Tensor:
        shape = (self.dropout_mask_count, *like.shape)
        return draw_dropout_mask(self.seed_generator, shape, rate, like.dtype)


def forget_dropout_masks(cell: Any) -> None:
    """Have the cell, and the cells it is made of, draw new masks for the next sequence."""
    if isinstance(cell, DropoutRNNCell):
        cell.reset_dropout_mask()
        cell.reset_recurrent_dropout_mask()
    for inner in getattr(cell, "cells", ()):
        forget_dropout_masks(inner)


def draw_dropout_mask(
    seed_generator: SeedGenerator, shape: tuple[int, ...], rate: float, dtype: Any
) -> Tensor:
    """Zeros with probability `rate`, elsewhere `1 / (1 - rate)`, so that the mean stays 1."""
    return _mask(key=seed_generator.next(), shape=shape, rate=rate, dtype=np.dtype(dtype))


@primitive
def _mask(*, key: Key, shape: tuple[int, ...], rate: float, dtype: np.dtype[Any]) -> Any:
    if rate >= 1:
        return np.zeros(shape, dtype), None
    count = int(np.prod(shape))
    mask = kernel("dropout_mask")(*key, count, rate).reshape(shape)
    return mask.astype(dtype, copy=False), None


def checked_rate(layer: str, argument: str, rate: Any) -> float:
    """`rate` as a float from 0 to 1.

    Raises:
        ValueError: naming the layer and the argument.
    """
    if isinstance(rate, bool) or not isinstance(rate, int | float | np.number):
        raise ValueError(f"{layer} expected {argument} to be a number from 0 to 1, got {rate!r}.")
    if not 0 <= rate <= 1:
        raise ValueError(f"{layer} expected {argument} to be from 0 to 1, got {rate}.")
    return float(rate)
