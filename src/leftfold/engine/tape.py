"""The tape: what was computed, in order, and how to walk back along it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
KeyedStep = tuple[tuple[Sequence[int | None], Sequence[int]], VectorJacobian]
"""The same with a number for every tensor; `None` for what gradients do not flow back to."""


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
        steps = [
            ((_keys(read), list(map(id, wrote))), vjp) for read, wrote, vjp in reversed(self.steps)
        ]
        return walk_back(steps, target, id(target), list(map(id, sources)), output_gradient, into)


def _keys(read: Sequence[Any]) -> list[int | None]:
    return [id(t) if isinstance(t, Tensor) and t.tracked else None for t in read]


def walk_back(
    steps: Iterable[KeyedStep],
    target: Tensor,
    target_key: int,
    sources: Sequence[int],
    output_gradient: np.ndarray | None,
    into: Sequence[np.ndarray] | None,
) -> list[np.ndarray | None]:
    """`Tape.gradient` along steps, from the last, and for sources, that are given by number."""
    if output_gradient is None:
        seed = np.ones(target.data.shape, target.data.dtype)
    else:
        seed = np.asarray(output_gradient, target.data.dtype)
    pending = _Pending(sources)
    gradients = pending.gradients
    gradients[target_key] = seed
    for (keys, outputs), vjp in steps:
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
        for key, gradient in zip(keys, found, strict=True):
            if gradient is None or key is None:
                continue
            if key in gradients:
                pending.add(key, gradient)
            else:
                gradients[key] = gradient
    if into is None:
        return [pending.own(source) for source in sources]
    for source, total in zip(sources, into, strict=True):
        gradient = gradients.get(source)
        if type(gradient) is np.ndarray:
            total[...] = gradient
        else:
            pending.store(source, total)
    return list(into)


def _sum(first: Any, second: Any) -> np.ndarray:
    """`first + second`, in memory that is kept where both are arrays of one kind."""
    alike = type(first) is type(second) is np.ndarray and first.dtype == second.dtype
    if not alike or first.shape != second.shape:
        return np.asarray(first + second)
    return np.add(first, second, out=workspace.empty(first.shape, first.dtype))


class _Pending:
    """The gradients that are known so far, by the number of their tensor."""

    def __init__(self, sources: Sequence[int]) -> None:
        self.gradients: dict[int, Gradient] = {}
        self.ours: set[int] = set()
        """Whose gradient is an array made here, which may be added to in place."""
        self.kept = frozenset(sources)

    def take(self, key: int) -> np.ndarray | None:
        """The complete gradient of what a step wrote, dense; forgotten unless asked for."""
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
            self._keep(key, _sum(existing, gradient))

    def _keep(self, key: int, total: np.ndarray) -> np.ndarray:
        self.gradients[key] = total
        self.ours.add(key)
        return total

    def own(self, source: int) -> np.ndarray | None:
        """The gradient of `source` as an array that the caller may change."""
        gradient = self.gradients.get(source)
        if isinstance(gradient, RowGradient):
            return gradient.to_dense()
        if gradient is None or source in self.ours:
            return gradient
        return np.array(gradient)

    def store(self, source: int, total: np.ndarray) -> None:
        gradient = self.gradients.get(source)
        if gradient is None:
            total.fill(0)
        elif isinstance(gradient, RowGradient):
            total.fill(0)
            gradient.add_into(total)
        else:
            total[...] = gradient


def record(inputs: Sequence[Any], outputs: tuple[Tensor, ...], vjp: VectorJacobian) -> None:
    """Write one step onto every running tape."""
    for tape in active.tapes:
        tape.steps.append((inputs, outputs, vjp))
