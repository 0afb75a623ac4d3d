"""What layers add to the loss: penalties on weights and outputs, and whatever they compute."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine import Tensor
from leftfold.engine.recording import spoil_trace
from leftfold.engine.symbolic import leaves
from leftfold.layers.call import context
from leftfold.layers.state import LayerState

with_losses: weakref.WeakSet[LayerLosses] = weakref.WeakSet()
"""Layers that added a loss since the outermost call around them began."""


class LayerLosses(LayerState):
    """The part of `Layer` that collects losses."""

    def add_loss(self, loss: Any) -> None:
        """Add to what training minimises; called with a tensor inside `call`."""
        if context.probing:
            return
        for value in leaves(loss):
            if not isinstance(value, Tensor | np.ndarray | float | int):
                raise ValueError(f"add_loss of {self.name} expected a tensor, got {value!r}.")
            self._losses.append(value)
        spoil_trace()  # `losses` shows what the last batch added
        with_losses.add(self)

    @property
    def losses(self) -> list[Any]:
        """Losses added by the last call, then the penalties of weights with a regulariser."""
        layers = self._flatten_layers()
        added = [loss for layer in layers for loss in layer._losses]
        penalties = [v.regularizer(v) for v in self.trainable_weights if v.regularizer is not None]
        return added + penalties

    def _forget_losses(self) -> None:
        """Drop what earlier calls added in this layer and those inside it."""
        inside = {id(layer) for layer in self._flatten_layers()}
        for layer in list(with_losses):
            if id(layer) in inside:
                layer._losses.clear()
                with_losses.discard(layer)

    def _penalise(self, regularizer: Any, outputs: Any) -> None:
        """Add an activity regulariser's penalty on the outputs, per sample of the batch."""
        for output in leaves(outputs):
            if isinstance(output, Tensor):
                batch = output.shape[0] if output.ndim else 1
                self.add_loss(ops.divide(regularizer(output), float(max(batch, 1))))
