"""Choices and loops. They run as plain Python, so the tape follows what really happened."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable, Sequence
from typing import Any

from leftfold.engine.recording import no_recording, recording
from leftfold.engine.symbolic import leaves, map_structure
from leftfold.engine.tape import record
from leftfold.engine.tensor import Tensor, as_full_array
from leftfold.ops.creation import convert_to_tensor, shape
from leftfold.ops.shape import stack


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """`true_fn()` if `pred` holds, else `false_fn()`."""
    return true_fn() if bool(as_full_array(pred)) else false_fn()


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """`branches[index](*operands)`, an index beyond either end choosing the branch there."""
    chosen = builtins.min(builtins.max(int(as_full_array(index)), 0), len(branches) - 1)
    return branches[chosen](*operands)


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    maximum_iterations: int | None = None,
) -> Any:
    """`body` applied to `loop_vars` again and again as long as `cond` of them holds.

    Args:
        cond: takes the loop's variables, returns whether to go on.
        body: takes the loop's variables, returns their next values.
        loop_vars: one variable, or a tuple or list of several.
        maximum_iterations: when to stop in any case.

    Returns:
        The last values, a tuple if `loop_vars` was one or a list.
    """
    several = isinstance(loop_vars, tuple | list)
    state = tuple(loop_vars) if several else (loop_vars,)
    done = 0
    while (maximum_iterations is None or done < maximum_iterations) and bool(cond(*state)):
        result = body(*state)
        state = tuple(result) if isinstance(result, tuple | list) else (result,)
        done += 1
    return state if several else state[0]


def fori_loop(lower: int, upper: int, body_fun: Callable[[int, Any], Any], init_val: Any) -> Any:
    """`value = body_fun(i, value)` for `i` from `lower` to `upper - 1`; the last value."""
    value = init_val
    for i in range(int(lower), int(upper)):
        value = body_fun(i, value)
    return value


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: Any = 1,
) -> tuple[Any, Any]:
    """A left fold that keeps what each step gives: `carry, y = f(carry, x)` along the first axis.

    Args:
        f: one step.
        init: the first carry.
        xs: the inputs, a tensor or a structure of tensors with one first size, or `None`.
        length: how many steps; need not be given with `xs`.
        reverse: whether to begin at the last step; the results keep their places.
        unroll: accepted for Keras; the loop is Python's.

    Returns:
        The last carry, and the `y` of all steps stacked (`None` if the steps give none).

    Example:
        >>> from leftfold import ops
        >>> total, sums = ops.scan(lambda s, x: (s + x, s + x), 0, ops.array([1, 2, 3]))
        >>> sums.tolist()
        [1, 3, 6]
    """
    inputs = [] if xs is None else list(leaves(xs))
    if not inputs and length is None:
        raise ValueError("scan expected xs or length.")
    steps = shape(inputs[0])[0] if inputs else length
    if length not in (None, steps):
        raise ValueError(f"length expected {steps}, the first size of xs, got {length}.")
    tensors = map_structure(convert_to_tensor, xs) if inputs else None
    order = range(int(steps))  # type: ignore[arg-type]
    carry, results = init, []
    for i in reversed(order) if reverse else order:
        carry, y = f(carry, map_structure(operator.itemgetter(i), tensors) if inputs else None)
        results.append(y)
    return carry, _stack_results(results[::-1] if reverse else results)


def _stack_results(results: list[Any]) -> Any:
    """The structures of all steps as one structure of stacked tensors."""
    columns = zip(*(leaves(result) for result in results), strict=True)
    stacked = iter([None if column[0] is None else stack(list(column)) for column in columns])
    return map_structure(lambda _: next(stacked), results[0]) if results else None


def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """`f` of each slice of `xs` along the first axis, stacked."""
    return scan(lambda carry, x: (carry, f(x)), None, xs)[1]


def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """`map`, whose function receives a list of slices where `elements` is a list."""
    return map(function, elements)


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function a gradient of its own.

    Args:
        f: takes tensors, returns `(result, grad)`, where `grad(upstream)` returns the gradient
            of each argument.

    Example:
        >>> from leftfold import ops
        >>> @ops.custom_gradient
        ... def log1pexp(x):
        ...     e = ops.exp(x)
        ...     return ops.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))
    """

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        with no_recording():
            result, grad = f(*args, **kwargs)
        tracked = any(isinstance(a, Tensor) and a.tracked for a in args)
        if not recording() or not tracked:
            return result
        output = Tensor(result.data, tracked=True)

        def vjp(dy: Any) -> Any:
            gradients = grad(Tensor(dy))
            several = isinstance(gradients, tuple | list)
            return tuple(as_full_array(g) for g in (gradients if several else (gradients,)))

        record(args, (output,), vjp)
        return output

    return wrapped
