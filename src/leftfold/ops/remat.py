"""`remat`: a function that computes again in the backward pass what it would otherwise keep."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from leftfold.engine import KerasTensor, Tape, Tensor
from leftfold.engine.random import noting_draws, repeating_draws
from leftfold.engine.recording import active, recording
from leftfold.engine.symbolic import leaves, map_structure
from leftfold.engine.tape import record
from leftfold.ops.arithmetic import add, multiply
from leftfold.ops.reductions import sum


def remat(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f` without a memory: its intermediate results are computed again for its gradient.

    Random numbers that `f` draws are the same the second time. What else it does besides
    computing, such as changing a variable, is done twice.

    Args:
        f: a function of tensors, or a layer.

    Returns:
        A function with the same arguments, results and gradients.

    Example:
        >>> from leftfold import ops
        >>> from leftfold.engine import Tape, Tensor
        >>> x = Tensor([1.0, 2.0], tracked=True)
        >>> with Tape() as tape:
        ...     y = ops.remat(lambda x: ops.square(ops.exp(x) - 1))(x)
        >>> tape.gradient(y, [x])[0].round(2)
        array([ 9.34, 94.42])
    """

    @functools.wraps(f, updated=())
    def recomputed(*args: Any, **kwargs: Any) -> Any:
        symbolic = any(isinstance(leaf, KerasTensor) for leaf in leaves((args, kwargs)))
        if symbolic or not recording():
            return f(*args, **kwargs)
        with noting_draws() as draws, _alone(Tape()) as tape:
            outputs = f(*args, **kwargs)
        read, made = _read_and_made(tape)
        pairs = [
            (leaf, Tensor(leaf.data, leaf.tracked))
            for leaf in leaves(outputs)
            if isinstance(leaf, Tensor) and id(leaf) in made
        ]
        own = {id(leaf): fresh for leaf, fresh in pairs}
        for leaf, fresh in pairs:
            fresh._keras_mask = leaf._keras_mask
        places = [i for i, leaf in enumerate(leaves(outputs)) if id(leaf) in own]

        def vjp(*gradients: np.ndarray | None) -> Any:
            with repeating_draws(draws), _alone(Tape()) as again:
                found = list(leaves(f(*args, **kwargs)))
                weighed = [
                    sum(multiply(found[place], gradient))
                    for place, gradient in zip(places, gradients, strict=True)
                    if gradient is not None
                ]
                total = functools.reduce(add, weighed)
            return tuple(again.gradient(total, read))

        record(read, tuple(fresh for _, fresh in pairs), vjp)
        return map_structure(lambda leaf: own.get(id(leaf), leaf), outputs)

    return recomputed


class _alone:
    """A `with` block in which one tape records and no other."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape

    def __enter__(self) -> Tape:
        self.others, active.tapes = active.tapes, [self.tape]
        return self.tape

    def __exit__(self, *error: object) -> None:
        active.tapes = self.others


def _read_and_made(tape: Tape) -> tuple[list[Tensor], set[int]]:
    """The tracked tensors that the recorded steps read from outside, and all they wrote."""
    made = {id(output) for _, outputs, _ in tape.steps for output in outputs}
    read = {
        id(tensor): tensor
        for inputs, _, _ in tape.steps
        for tensor in inputs
        if isinstance(tensor, Tensor) and tensor.tracked and id(tensor) not in made
    }
    return list(read.values()), made
