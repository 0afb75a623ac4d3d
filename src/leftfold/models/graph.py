"""The graph behind a functional model: which calls lead from its inputs to its outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from leftfold.engine import KerasTensor
from leftfold.engine.symbolic import Node, Operation, leaves
from leftfold.layers.call import has_own_mask


class Graph:
    """Every call between some inputs and some outputs.

    Args:
        inputs: symbolic tensors, each once.
        outputs: symbolic tensors computed from them.

    Attributes:
        nodes: the calls, each behind those whose results it reads.
        operations: the layers and operations called, those farthest from the outputs first.

    Raises:
        ValueError: when an output needs a tensor that the inputs do not determine, or two
            operations have the same name.
    """

    def __init__(self, inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor]) -> None:
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self._given = {id(tensor) for tensor in inputs}
        if len(self._given) < len(self.inputs):
            raise ValueError(f"A model expected each input once, got {_names(inputs)}.")
        self.nodes: list[Node] = []
        self._first_seen: dict[Operation, int] = {}
        for output in self.outputs:
            self._walk(output)
        self.depths = self._measure()
        self.operations = self._order()

    def parents(self, node: Node) -> Iterator[KerasTensor]:
        """The tensors that a call reads, without those that lie before the inputs.

        A mask that follows its tensor anyway counts only where the inputs determine it: a model
        cut behind an embedding has no token ids.
        """
        for tensor in node.inputs:
            if has_own_mask(node, tensor) and not self._is_determined(tensor):
                continue
            yield tensor

    def mask_follows(self, node: Node) -> bool:
        """Whether a call's mask need not be passed, since its first argument will carry it.

        An argument that is an input of the graph comes without one.
        """
        masks = [mask for mask in leaves(node.kwargs.get("mask")) if mask is not None]
        if not any(has_own_mask(node, mask) for mask in masks):
            return False
        bare = any(id(tensor) in self._given for tensor in leaves(node.args[0]))
        return not (bare and all(self._is_determined(mask) for mask in masks))

    def _is_determined(self, tensor: KerasTensor) -> bool:
        if id(tensor) in self._given:
            return True
        parents = node_of(tensor).inputs
        return bool(parents) and all(self._is_determined(parent) for parent in parents)

    def _walk(self, output: KerasTensor) -> None:
        """Add the calls behind `output`, the earliest first."""
        finished = set(self.nodes)
        stack: list[tuple[Node, Iterator[KerasTensor]]] = []
        pending = iter([output])
        while True:
            tensor = next(pending, None)
            if tensor is not None:
                node = node_of(tensor)
                if node in finished or (node.inputs and id(tensor) in self._given):
                    continue
                if not node.inputs and id(tensor) not in self._given:
                    raise ValueError(self._disconnected(tensor, [n for n, _ in stack]))
                self._first_seen.setdefault(node.operation, len(self._first_seen))
                stack.append((node, pending))
                pending = self.parents(node)
            elif stack:
                node, pending = stack.pop()
                finished.add(node)
                self.nodes.append(node)
            else:
                return

    def _disconnected(self, tensor: KerasTensor, path: list[Node]) -> str:
        needed = f" (needed by {path[-1].operation.name})" if path else ""
        return (
            f"The outputs of a model must follow from its inputs, but they need the input "
            f"{tensor.name} of shape {tensor.shape}{needed}, which is not among the inputs: "
            f"{_names(self.inputs)}."
        )

    def _measure(self) -> dict[Node, int]:
        """How many calls lie at most between each call and the outputs.

        All calls of one operation count as far away as its farthest, which is Keras's order.
        """
        depths: dict[Node, int] = {}
        farthest: dict[Operation, int] = {}
        inside = set(self.nodes)
        for node in reversed(self.nodes):
            depth = max(depths.get(node, 0), farthest.get(node.operation, 0))
            depths[node] = farthest[node.operation] = depth
            for tensor in self.parents(node):
                parent = node_of(tensor)
                if parent in inside:
                    depths[parent] = max(depth + 1, depths.get(parent, 0))
        for tensor in self.inputs:
            node = node_of(tensor)
            if not node.inputs and node not in depths:
                depths[node] = 0
                self._first_seen[node.operation] = -1
        return depths

    def _order(self) -> list[Operation]:
        farthest: dict[Operation, int] = {}
        for node, depth in self.depths.items():
            farthest[node.operation] = max(depth, farthest.get(node.operation, 0))
        operations = sorted(farthest, key=lambda o: (-farthest[o], self._first_seen[o]))
        names: set[str] = set()
        for operation in operations:
            if operation.name in names:
                raise ValueError(
                    f"The layers of a model must have different names, got two called "
                    f"{operation.name!r}: give one of them another name=."
                )
            names.add(operation.name)
        return operations


def node_of(tensor: KerasTensor) -> Node:
    """The call that produced a symbolic tensor."""
    if tensor.history is None:
        raise ValueError(
            f"The tensor {tensor.name} is the result of no layer: start from Input(...)."
        )
    operation, index, _ = tensor.history
    return operation.inbound_nodes[index]


def is_input(tensor: KerasTensor) -> bool:
    """Whether the tensor came from `Input(...)`."""
    return not node_of(tensor).inputs


def _names(tensors: Sequence[KerasTensor]) -> str:
    return ", ".join(tensor.name for tensor in tensors) or "none"


def get_source_inputs(tensor: Any) -> list[KerasTensor]:
    """The inputs that a symbolic tensor is made from, in the order in which they are met.

    Example:
        >>> from leftfold.layers import Dense, Input
        >>> x = Input((3,), name="x")
        >>> [source.name for source in get_source_inputs(Dense(2)(x))]
        ['x']
    """
    found: list[KerasTensor] = []
    waiting = [tensor]
    while waiting:
        current = waiting.pop()
        if current.history is None or is_input(current):
            if not any(current is other for other in found):
                found.append(current)
            continue
        operation, index, _ = current.history
        waiting += reversed(operation.inbound_nodes[index].inputs)
    return found
