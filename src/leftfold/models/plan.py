"""A functional model's graph as a flat list of calls over numbered slots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any, NamedTuple

from leftfold.engine import KerasTensor
from leftfold.engine.symbolic import Node, Operation, PrimitiveCall, leaves
from leftfold.layers import Bidirectional, Embedding, Layer
from leftfold.layers.recurrent.fused import FusedRNN
from leftfold.models.graph import Graph

Values = list[Any]
Getter = Callable[[Values], Any]


class Step(NamedTuple):
    """One call: what runs, where its arguments are, where its results go."""

    operation: Operation
    function: Callable[..., Any]
    source: int
    """Slot of the argument when it is the only one; -1 otherwise."""
    arguments: list[Getter]
    keywords: dict[str, Getter]
    target: int
    """Slot of the result when it is one tensor; -1 otherwise."""
    targets: list[int]
    finished: list[int]
    """Slots that nothing reads any more."""
    looks_up: bool
    """Whether it looks vectors up for nothing but recurrences: see `Tensor.looked_up`."""


class Plan:
    """The calls of a graph in an order in which they can run, without those nobody needs.

    Masks travel with their tensors, so that no call computes or passes one that its first
    argument carries already.
    """

    def __init__(self, graph: Graph) -> None:
        self._slots = {id(tensor): slot for slot, tensor in enumerate(graph.inputs)}
        given = len(self._slots)
        calls = _needed_calls(graph)
        for node, *_ in calls:
            for tensor in node.outputs:
                self._slots.setdefault(id(tensor), len(self._slots))
        self._outputs = [self._slots[id(tensor)] for tensor in graph.outputs]
        self.steps: list[Step] = []
        readers: dict[int, list[Any]] = defaultdict(list)
        read = set(self._outputs) | set(range(given))
        for node, args, kwargs in reversed(calls):
            sources = [self._slots[id(t)] for t in leaves((args, kwargs)) if _symbolic(t)]
            targets = [self._target(tensor, given) for tensor in node.outputs]
            finished = {*sources, *targets} - read
            read.update(sources)
            looks_up = _looks_up(node.operation) and targets[0] not in self._outputs
            looks_up = looks_up and all(map(_computes_by_word, readers[targets[0]]))
            for slot in sources:
                readers[slot].append(node.operation)
            self.steps.append(self._step(node, args, kwargs, targets, sorted(finished), looks_up))
        self.steps.reverse()
        self._size = len(self._slots) + 1

    def _target(self, tensor: KerasTensor, given: int) -> int:
        """The slot for a result; the spare one for a result that was given as an input."""
        slot = self._slots[id(tensor)]
        return slot if slot >= given else len(self._slots)

    def _step(
        self,
        node: Node,
        args: Any,
        kwargs: Any,
        targets: list[int],
        finished: list[int],
        looks_up: bool,
    ) -> Step:
        operation = node.operation
        alone = len(args) == 1 and not kwargs and isinstance(args[0], KerasTensor)
        return Step(
            operation,
            operation.function if isinstance(operation, PrimitiveCall) else operation,  # type: ignore[arg-type]
            self._slots[id(args[0])] if alone else -1,
            [self._getter(value) for value in args],
            {name: self._getter(value) for name, value in kwargs.items()},
            targets[0] if len(targets) == 1 else -1,
            targets,
            finished,
            looks_up and alone,
        )

    def _getter(self, value: Any) -> Getter:
        """A function that takes an argument, or the tensors in it, out of the slots."""
        if isinstance(value, KerasTensor):
            return itemgetter(self._slots[id(value)])
        if not any(_symbolic(leaf) for leaf in leaves(value)):
            return lambda values: value
        if isinstance(value, dict):
            items = {key: self._getter(item) for key, item in value.items()}
            return lambda values: {key: item(values) for key, item in items.items()}
        parts = [self._getter(item) for item in value]
        kind = type(value)
        return lambda values: kind([part(values) for part in parts])

    def readers(self, slot: int) -> list[Operation]:
        """What is called on the input number `slot`."""
        probe: Values = [None] * self._size
        probe[slot] = mark = object()
        return [
            step.operation
            for step in self.steps
            if any(
                leaf is mark
                for getter in (*step.arguments, *step.keywords.values())
                for leaf in leaves(getter(probe))
            )
        ]

    def run(
        self, inputs: Iterable[Any], call: Callable[[Step, Any, Any], Any] | None = None
    ) -> Values:
        """The graph's outputs for values of its inputs, both in its order.

        Args:
            inputs: tensors.
            call: runs a step in another way than by calling its function.
        """
        values: Values = [None] * self._size
        for slot, value in enumerate(inputs):
            values[slot] = value
        for step in self.steps:
            if step.looks_up and call is None:
                result = step.operation.look_up_later(values[step.source])  # type: ignore[attr-defined]
            elif step.source >= 0 and call is None:
                result = step.function(values[step.source])
            else:
                args = [getter(values) for getter in step.arguments]
                kwargs = {name: getter(values) for name, getter in step.keywords.items()}
                result = call(step, args, kwargs) if call else step.function(*args, **kwargs)
            if step.target >= 0:
                values[step.target] = _only(result)
            else:
                for slot, leaf in zip(step.targets, leaves(result), strict=True):
                    values[slot] = leaf
            for slot in step.finished:
                values[slot] = None
        return [values[slot] for slot in self._outputs]


def _looks_up(operation: Any) -> bool:
    """Whether a layer does what `Embedding` does, and nothing else."""
    return _does_as(operation, Embedding, "call", "compute_mask")


def _computes_by_word(operation: Any) -> bool:
    """Whether a layer knows `Tensor.looked_up`, and does nothing else with what it is given."""
    if type(operation) is Bidirectional:
        both = operation.forward_layer, operation.backward_layer
        return all(map(_computes_by_word, both))
    return _does_as(operation, FusedRNN, "call", "_read")


def _does_as(operation: Any, cls: type, *methods: str) -> bool:
    """Whether a call of a layer runs these methods of a class, not others of the user's own."""
    own = type(operation)
    return (
        isinstance(operation, cls)
        and own.__call__ is Layer.__call__
        and "call" not in vars(operation)
        and all(getattr(own, name) is getattr(cls, name) for name in methods)
    )


def _only(result: Any) -> Any:
    """The tensor in a result that is one tensor, bare or in a list or dictionary of one."""
    return next(leaves(result)) if isinstance(result, list | tuple | dict) else result


def _needed_calls(graph: Graph) -> list[tuple[Node, tuple[Any, ...], dict[str, Any]]]:
    """The calls on which the outputs depend, with the arguments to make them with."""
    needed = {id(tensor) for tensor in graph.outputs} - {id(tensor) for tensor in graph.inputs}
    given = {id(tensor) for tensor in graph.inputs}
    calls = []
    for node in reversed(graph.nodes):
        if not node.inputs or not any(id(tensor) in needed for tensor in node.outputs):
            continue
        kwargs = dict(node.kwargs)
        if graph.mask_follows(node):
            del kwargs["mask"]
        calls.append((node, node.args, kwargs))
        needed.update(id(t) for t in leaves((node.args, kwargs)) if _symbolic(t))
        needed -= given
    return calls[::-1]


def _symbolic(value: Any) -> bool:
    return isinstance(value, KerasTensor)
