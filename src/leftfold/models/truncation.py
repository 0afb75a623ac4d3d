"""Truncated backpropagation through time: what `fit(..., backprop_steps=K)` trains on.

Long sequences are cut into windows of K steps. A stateful model carries its states from one
window to the next, gradients end where a window begins (Williams and Peng 1990, "An Efficient
Gradient-Based Algorithm for On-Line Training of Recurrent Network Trajectories").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from leftfold.engine import Tensor, no_recording
from leftfold.engine.symbolic import map_structure
from leftfold.models.data import Source
from leftfold.models.data_arrays import Structure, leaves, rebuild
from leftfold.models.data_sources import ArraySource, Batch


class TruncatedSource:
    """Windows of the batches of another source, in the order of time.

    States begin from zeros with each batch of sequences. Where there is a target for every step,
    every window is trained on. Where there is one for the whole sequence, the model only reads
    the steps before the last window.

    Args:
        source: whole sequences.
        model: built and stateful.
        steps: the length of a window, `None` for whole sequences.

    Raises:
        ValueError: where windows cannot be meant.
    """

    def __init__(self, source: Source, model: Any, steps: int | None) -> None:
        if not isinstance(source, ArraySource):
            raise ValueError(
                "backprop_steps expected arrays of whole sequences, got a data set that yields "
                "batches: yield windows from it, and call reset_states() where sequences begin."
            )
        _check_layers(model)
        self.source = source
        self.model = model
        x, y, _ = source.structures
        first = leaves(x)[0]
        if first.ndim < 2:
            raise ValueError(
                "backprop_steps expected x of shape (rows, timesteps, ...), got shape "
                f"{first.shape}."
            )
        self.timesteps = first.shape[1]
        self.window = min(steps or self.timesteps, self.timesteps)
        self.every_step = _targets_of_steps(model, y, self.timesteps)

    @property
    def rows(self) -> int | None:
        """Sequences in an epoch."""
        return self.source.rows

    @property
    def steps(self) -> int | None:
        """Batches in an epoch, each window one."""
        windows = -(-self.timesteps // self.window) if self.every_step else 1
        return (self.source.steps or 0) * windows

    def first(self) -> Batch:
        """The first window of the first batch."""
        return self._cut(self.source.first(), slice(0, self.window))

    def epoch(self) -> Iterator[Batch]:
        """The windows of one epoch."""
        for batch in self.source.epoch():
            self.model.reset_states()
            if self.every_step:
                for start in range(0, self.timesteps, self.window):
                    yield self._cut(batch, slice(start, start + self.window))
            else:
                before = self.timesteps - self.window
                if before:
                    self._read(self._cut(batch, slice(0, before))[0])
                yield self._cut(batch, slice(before, None))

    def _read(self, x: Structure) -> None:
        """Let the model read steps from which no gradient is taken."""
        with no_recording():
            self.model(map_structure(Tensor, x), training=True)

    def _cut(self, batch: Batch, steps: slice) -> Batch:
        x, y, sample_weight = batch
        y_cut, weight_cut = y, sample_weight
        if self.every_step:
            y_cut, weight_cut = self._window(y, steps), self._window(sample_weight, steps)
        return self._window(x, steps), y_cut, weight_cut

    def _window(self, structure: Structure, steps: slice) -> Structure:
        return rebuild(
            structure,
            [
                np.ascontiguousarray(array[:, steps])
                if array.ndim > 1 and array.shape[1] == self.timesteps
                else array
                for array in leaves(structure)
            ],
        )


def _check_layers(model: Any) -> None:
    """Only a stateful model that reads forwards goes on where the window before ended."""
    layers = model._flatten_layers()
    backwards = [layer for layer in layers if getattr(layer, "go_backwards", False)]
    if backwards:
        raise ValueError(
            "backprop_steps cuts sequences into windows and expected layers that read them "
            f"forwards, but {backwards[0].name} begins at the end."
        )
    recurrent = [layer for layer in layers if hasattr(layer, "stateful")]
    if not any(layer.stateful for layer in recurrent):
        raise ValueError(
            "backprop_steps expected a model that carries its states from window to window: give "
            "its recurrent layers stateful=True and its input a batch size."
        )
    for layer in recurrent:
        if not layer.stateful:
            raise ValueError(
                "backprop_steps expected every recurrent layer to carry its states from window to "
                f"window, but {layer.name} is not stateful."
            )


def _targets_of_steps(model: Any, y: Structure, timesteps: int) -> bool:
    """Whether there is a target for every step rather than one for the sequence."""
    targets = leaves(y)
    if not targets:
        return True
    outputs = getattr(model, "outputs", None) or []
    if outputs and all(tensor.ndim < 3 for tensor in outputs):
        return False
    return all(target.ndim > 1 and target.shape[1] == timesteps for target in targets)
