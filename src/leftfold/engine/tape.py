"""The tape: what was computed, in order, and how to walk back along it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from leftfold.engine import workspace
from leftfold.engine.recording import active
from leftfold.engine.tensor import Tensor


class RowGradient(NamedTuple):
    """The gradient of a tensor of which only a part was read: rows of a table, one timestep.

    `add_into(total)` adds it to a dense array of the tensor's shape; `shape` is that shape.
    """

    shape: tuple[int, ...]
    dtype: Any
    add_into: Callable[[np.ndarray], None]

    def to_dense(self) -> np.ndarray:
        """The same gradient as an array with a place for every element."""
        total = workspace.empty(self.shape, self.dtype)
        total.fill(0)
        self.add_into(total)
        return total


Gradient = np.ndarray | RowGradient
VectorJacobian = Callable[..., Any]
Step = tuple[Sequence[Any], tuple[Tensor, ...], VectorJacobian]
"""One primitive that ran: what it read, what it wrote, how its gradient flows back."""


class Tape:
    """Records every primitive that touches a tracked tensor while the `with` block runs.

    Example:
        >>> from leftfold import ops
        >>> from leftfold.engine import Tape, Tensor
        >>> x = Tensor([1.0, 2.0], tracked=True)
        >>> with Tape() as tape:
        ...     y = ops.sum(x * x)
        >>> tape.gradient(y, [x])[0]
        array([2., 4.])
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def __enter__(self) -> Tape:
        active.tapes.append(self)
        return self

    def __exit__(self, *error: object) -> None:
        active.tapes.remove(self)

    def gradient(
        self,
        target: Tensor,
        sources: Sequence[Tensor],
        output_gradient: np.ndarray | None = None,
        into: Sequence[np.ndarray] | None = None,
    ) -> list[np.ndarray | None]:
        """The gradient of `target` with respect to each of `sources`.

        Args:
            target: a tensor computed under this tape; summed over if it is not a scalar.
            sources: tracked tensors or variables.
            output_gradient: weights of the elements of `target`; ones by default.
            into: arrays that receive the gradients (zeros where `target` does not depend on
                the source) and are returned; otherwise new arrays, `None` where it does not.

        Returns:
            One array per source, of the source's shape.
        """
        data = target.data
        seed = np.ones(data.shape, data.dtype) if output_gradient is None else output_gradient
        pending = _Pending(sources)
        gradients = pending.gradients
        gradients[id(target)] = seed
        for inputs, outputs, vjp in reversed(self.steps):
            if len(outputs) == 1:
                slope = pending.take(outputs[0])
                if slope is None:
                    continue
                found = vjp(slope)
            else:
                slopes = [pending.take(output) for output in outputs]
                if all([slope is None for slope in slopes]):
                    continue
                found = vjp(*slopes)
            if type(found) is not tuple:
                found = (found,)
            for tensor, gradient in zip(inputs, found, strict=True):
                if gradient is not None and isinstance(tensor, Tensor) and tensor.tracked:
                    key = id(tensor)
                    if key in gradients:
                        pending.add(key, gradient)
                    else:
                        gradients[key] = gradient
        if into is None:
            return [pending.own(source) for source in sources]
        for source, total in zip(sources, into, strict=True):
            pending.store(source, total)
        return list(into)


class _Pending:
    """The gradients that are known so far, by the identity of their tensor."""

    def __init__(self, sources: Sequence[Tensor]) -> None:
        self.gradients: dict[int, Gradient] = {}
        self.ours: set[int] = set()
        """Whose gradient is an array made here, which may be added to in place."""
        self.kept = {id(source) for source in sources}

    def take(self, output: Tensor) -> np.ndarray | None:
        """The complete gradient of what a step wrote, dense; forgotten unless asked for."""
        key = id(output)
        gradient = self.gradients.pop(key, None)
        if isinstance(gradient, RowGradient):
            gradient = gradient.to_dense()
        if key in self.kept and gradient is not None:
            self.gradients[key] = gradient
        return gradient

    def add(self, key: int, gradient: Gradient) -> None:
        """Add what another reader of a tensor contributes to the tensor's gradient."""
        existing = self.gradients[key]
        if isinstance(existing, RowGradient):
            existing = self._keep(key, existing.to_dense())
        if isinstance(gradient, RowGradient):
            if key not in self.ours:
                existing = self._keep(key, np.array(existing, order="C"))
            gradient.add_into(existing)
        elif key in self.ours:
            existing += gradient
        else:
            self._keep(key, np.asarray(existing + gradient))

    def _keep(self, key: int, total: np.ndarray) -> np.ndarray:
        self.gradients[key] = total
        self.ours.add(key)
        return total

    def own(self, source: Tensor) -> np.ndarray | None:
        """The gradient of `source` as an array that the caller may change."""
        gradient = self.gradients.get(id(source))
        if isinstance(gradient, RowGradient):
            return gradient.to_dense()
        if gradient is None or id(source) in self.ours:
            return gradient
        return np.array(gradient)

    def store(self, source: Tensor, total: np.ndarray) -> None:
        gradient = self.gradients.get(id(source))
        if gradient is None:
            total.fill(0)
        elif isinstance(gradient, RowGradient):
            total.fill(0)
            gradient.add_into(total)
        else:
            np.copyto(total, gradient)


def record(inputs: Sequence[Any], outputs: tuple[Tensor, ...], vjp: VectorJacobian) -> None:
    """Write one step onto every running tape."""
    for tape in active.tapes:
        tape.steps.append((inputs, outputs, vjp))
