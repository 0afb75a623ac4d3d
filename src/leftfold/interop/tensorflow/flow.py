"""Functions of `tf` that run others: over the elements of tensors, or under conditions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine import Tensor
from leftfold.engine.symbolic import leaves, map_structure
from leftfold.interop.tensorflow.arguments import translated

__all__ = [
    *("TensorArray", "case", "cond", "control_dependencies", "foldl", "foldr", "group"),
    *("init_scope", "map_fn", "no_op", "numpy_function", "scan", "switch_case", "vectorized_map"),
    "while_loop",
]

cond = translated(ops.cond)


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    maximum_iterations: Any = None,
    name: str | None = None,
) -> Any:
    """`body(*loop_vars)` again and again, as long as `cond(*loop_vars)` holds."""
    return ops.while_loop(cond, body, loop_vars, maximum_iterations)


def _count(elems: Any) -> int:
    return int(next(leaves(elems)).shape[0])


def _element(elems: Any, place: int) -> Any:
    return map_structure(lambda tensor: ops.convert_to_tensor(tensor)[place], elems)


def _stacked(results: list[Any]) -> Any:
    if not results:
        raise ValueError("tf.map_fn and tf.scan expected at least one element, got none.")
    if isinstance(results[0], tuple | list):
        return type(results[0])(_stacked(list(parts)) for parts in zip(*results, strict=True))
    return ops.stack([ops.convert_to_tensor(result) for result in results], axis=0)


def map_fn(
    fn: Callable[[Any], Any],
    elems: Any,
    dtype: Any = None,
    fn_output_signature: Any = None,
    name: Any = None,
    **options: Any,
) -> Any:
    """`fn` of each element along the first axis, stacked."""
    elems = map_structure(ops.convert_to_tensor, elems)
    return _stacked([fn(_element(elems, place)) for place in range(_count(elems))])


vectorized_map = map_fn


def scan(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    reverse: bool = False,
    name: Any = None,
    **options: Any,
) -> Any:
    """`fn(accumulated, element)` over the first axis, every result, stacked."""
    results = list(_folded(fn, elems, initializer, reverse))
    return _stacked(results[::-1] if reverse else results)


def foldl(fn: Any, elems: Any, initializer: Any = None, name: Any = None, **options: Any) -> Any:
    """`fn(accumulated, element)` from the first element to the last; the last result."""
    *_, last = _folded(fn, elems, initializer, False)
    return last


def foldr(fn: Any, elems: Any, initializer: Any = None, name: Any = None, **options: Any) -> Any:
    """`fn(accumulated, element)` from the last element to the first; the last result."""
    *_, last = _folded(fn, elems, initializer, True)
    return last


def _folded(fn: Any, elems: Any, initializer: Any, reverse: bool) -> Iterator[Any]:
    elems = map_structure(ops.convert_to_tensor, elems)
    places = list(range(_count(elems)))[:: -1 if reverse else 1]
    accumulated = initializer
    if initializer is None:
        accumulated, places = _element(elems, places[0]), places[1:]
        yield accumulated
    for place in places:
        accumulated = fn(accumulated, _element(elems, place))
        yield accumulated


def case(pred_fn_pairs: Any, default: Any = None, exclusive: bool = False, name: Any = None) -> Any:
    """The result of the first function whose condition holds, or of `default`."""
    for condition, function in pred_fn_pairs:
        if bool(np.asarray(condition)):
            return function()
    if default is None:
        raise ValueError("tf.case expected a condition that holds, or a default.")
    return default()


def switch_case(branch_index: Any, branch_fns: Any, default: Any = None, name: Any = None) -> Any:
    """The result of the function with this number, or of `default`."""
    functions = dict(branch_fns) if isinstance(branch_fns, dict) else dict(enumerate(branch_fns))
    chosen = functions.get(int(branch_index), default or functions[max(functions)])
    return chosen()


def numpy_function(func: Callable[..., Any], inp: Any, Tout: Any, name: Any = None) -> Any:
    """`func` of NumPy arrays; no gradient flows through it."""
    return Tensor(np.asarray(func(*(ops.convert_to_numpy(item) for item in inp))))


def group(*inputs: Any, name: Any = None) -> None:
    """Nothing to do: everything has run already."""


no_op = group


@contextlib.contextmanager
def control_dependencies(control_inputs: Any = None) -> Iterator[None]:
    """Nothing to do: everything runs in the order in which it is written."""
    yield


init_scope = control_dependencies


class TensorArray:
    """A list of tensors, with TensorFlow's methods.

    Args:
        dtype: accepted; elements keep their own.
        size: how many elements there are at first.
        dynamic_size: accepted; the list grows when it must.

    Example:
        >>> array = TensorArray("float32", size=2)
        >>> array = array.write(0, [1.0, 2.0]).write(1, [3.0, 4.0])
        >>> array.stack().tolist()
        [[1.0, 2.0], [3.0, 4.0]]
    """

    def __init__(
        self, dtype: Any = None, size: Any = 0, dynamic_size: bool = False, **options: Any
    ) -> None:
        self._elements: list[Any] = [None] * int(size)

    def write(self, index: Any, value: Any, name: Any = None) -> TensorArray:
        """Put a tensor in a place."""
        self._elements += [None] * (int(index) + 1 - len(self._elements))
        self._elements[int(index)] = ops.convert_to_tensor(value)
        return self

    def read(self, index: Any, name: Any = None) -> Any:
        """The tensor in a place."""
        found = self._elements[int(index)]
        if found is None:
            raise IndexError(f"Nothing has been written to place {int(index)} of this TensorArray.")
        return found

    def size(self, name: Any = None) -> Tensor:
        """How many places there are."""
        return Tensor(np.asarray(len(self._elements), np.int32))

    def stack(self, name: Any = None) -> Any:
        """All tensors as one, along a new first axis."""
        return ops.stack([self.read(place) for place in range(len(self._elements))], axis=0)

    def concat(self, name: Any = None) -> Any:
        """All tensors one behind the other."""
        return ops.concatenate([self.read(place) for place in range(len(self._elements))], axis=0)

    def unstack(self, value: Any, name: Any = None) -> TensorArray:
        """Put the rows of a tensor in the places."""
        self._elements = list(ops.unstack(ops.convert_to_tensor(value)))
        return self
