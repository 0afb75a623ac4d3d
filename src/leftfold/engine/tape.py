"""The tape: what was computed, in order, and how to walk back along it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from leftfold.engine import workspace
from leftfold.engine.kernels import kernel
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
        self.write_into(total)
        return total

    def write_into(self, total: np.ndarray) -> None:
        """Make it the values of an array."""
        if total.flags.c_contiguous:
            kernel("clear", total.dtype)(total.reshape(-1))
        else:
            total.fill(0)
        self.add_into(total)


Gradient = np.ndarray | RowGradient
VectorJacobian = Callable[..., Any]
Step = tuple[Sequence[Any], tuple[Tensor, ...], VectorJacobian]
"""One primitive that ran: what it read, what it wrote, how its gradient flows back."""
Flow = tuple[Sequence[int], int, Sequence[tuple[int, int]]]
"""Where gradients come from and go to in one step, for tensors that are numbered: the numbers of
what it wrote; how many tensors it read; which of these gradients flow back to, by position, and
their numbers."""


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
        numbers: dict[int, int] = {}
        for tensor in (target, *sources, *[t for step in self.steps for t in _tensors(step)]):
            numbers.setdefault(id(tensor), len(numbers))
        flows = [_flow(step, numbers) for step in reversed(self.steps)]
        wanted = [numbers[id(source)] for source in sources]
        vjps = [vjp for _, _, vjp in reversed(self.steps)]
        return walk_back(flows, vjps, len(numbers), target, 0, wanted, output_gradient, into)


def _tensors(step: Step) -> list[Tensor]:
    read, wrote, _ = step
    return [*wrote, *[t for t in read if isinstance(t, Tensor)]]


def _flow(step: Step, numbers: dict[int, int]) -> Flow:
    read, wrote, _ = step
    followed = [(i, t) for i, t in enumerate(read) if isinstance(t, Tensor) and t.tracked]
    return [numbers[id(t)] for t in wrote], len(read), [(i, numbers[id(t)]) for i, t in followed]


def walk_back(
    flows: Iterable[Flow],
    vjps: Iterable[VectorJacobian],
    count: int,
    target: Tensor,
    place: int,
    sources: Sequence[int],
    output_gradient: np.ndarray | None,
    into: Sequence[np.ndarray] | None,
) -> list[np.ndarray | None]:
    """`Tape.gradient` along steps that are given from the last, for numbered tensors.

    Args:
        flows: what each step does with gradients.
        vjps: how it computes them.
        count: how many numbers there are.
        target: what is differentiated.
        place: its number.
        sources: the numbers of the tensors whose gradients are asked for; -1 for one that no step
            reads.
        output_gradient: see `Tape.gradient`.
        into: see `Tape.gradient`.
    """
    if output_gradient is None:
        seed = target.data.copy()
        seed.fill(1)  # both in a third of the time of `np.ones`
    else:
        seed = np.asarray(output_gradient, target.data.dtype)
    pending = _Pending(count, sources)
    gradients, take = pending.gradients, pending.take
    gradients[place] = seed
    for (outputs, reads, sends), vjp in zip(flows, vjps, strict=True):
        if len(outputs) == 1:
            slope = take(outputs[0])
            if slope is None:
                continue
            found = vjp(slope)
        else:
            slopes = [take(output) for output in outputs]
            if all([slope is None for slope in slopes]):
                continue
            found = vjp(*slopes)
        if type(found) is not tuple:
            found = (found,)
        if len(found) != reads:
            name = getattr(vjp, "__qualname__", "A step").partition(".")[0]
            raise ValueError(f"{name} read {reads} tensors and gave {len(found)} gradients.")
        for position, number in sends:
            gradient = found[position]
            if gradients[number] is None:
                gradients[number] = gradient
            elif gradient is not None:
                pending.add(number, gradient)
    if into is None:
        return [pending.own(source) for source in sources]
    for source, total in zip(sources, into, strict=True):
        gradient = gradients[source]
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

    def __init__(self, count: int, sources: Sequence[int]) -> None:
        self.gradients: list[Any] = [None] * (count + 1)  # the last stays empty
        self.ours: set[int] = set()
        """Whose gradient is an array made here, which may be added to in place."""
        self.kept = frozenset(sources)

    def take(self, number: int) -> np.ndarray | None:
        """The complete gradient of what a step wrote, dense; forgotten unless asked for."""
        gradient: Any = self.gradients[number]
        if isinstance(gradient, RowGradient):
            gradient = gradient.to_dense()
        self.gradients[number] = gradient if number in self.kept else None
        return gradient

    def add(self, number: int, gradient: Gradient) -> None:
        """Add what another reader of a tensor contributes to the tensor's gradient."""
        existing = self.gradients[number]
        if isinstance(existing, RowGradient):
            existing = self._keep(number, existing.to_dense())
        if isinstance(gradient, RowGradient):
            if number not in self.ours:
                existing = self._keep(number, np.array(existing, order="C"))
            gradient.add_into(existing)
        elif number in self.ours:
            existing += gradient
        else:
            self._keep(number, _sum(existing, gradient))

    def _keep(self, number: int, total: np.ndarray) -> np.ndarray:
        self.gradients[number] = total
        self.ours.add(number)
        return total

    def own(self, source: int) -> np.ndarray | None:
        """The gradient of `source` as an array that the caller may change."""
        gradient: Any = self.gradients[source]
        if isinstance(gradient, RowGradient):
            return gradient.to_dense()
        if gradient is None or source in self.ours:
            return gradient
        return np.array(gradient)

    def store(self, source: int, total: np.ndarray) -> None:
        gradient = self.gradients[source]
        if gradient is None:
            total.fill(0)
        elif isinstance(gradient, RowGradient):
            gradient.write_into(total)
        else:
            total[...] = gradient


def record(inputs: Sequence[Any], outputs: tuple[Tensor, ...], vjp: VectorJacobian) -> None:
    """Write one step onto every running tape."""
    for tape in active.tapes:
        tape.steps.append((inputs, outputs, vjp))
