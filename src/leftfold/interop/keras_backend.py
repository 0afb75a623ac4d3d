"""`keras.backend` of Keras 1 and 2: the functions that custom layers and losses were made of.

Names that mean the same in `leftfold.ops` are taken from there.
"""

# ruff: noqa: F401
from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from leftfold import activations, ops, random
from leftfold.engine import Tensor, Variable
from leftfold.engine.config import floatx
from leftfold.engine.tensor import as_full_array
from leftfold.layers.recurrent.scan import scan
from leftfold.ops import softmax


def variable(value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None) -> Any:
    """A variable with these values."""
    made = Variable(np.asarray(value, dtype or "float32"), name=name)
    made.constraint = constraint
    return made


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """A tensor with these values."""
    return ops.full(shape, value, dtype) if shape else ops.convert_to_tensor(value, dtype)


def placeholder(*args: Any, **kwargs: Any) -> Any:
    """Refused: nothing is traced."""
    raise NotImplementedError("Leftfold has no K.placeholder: use keras.Input.")


def function(*args: Any, **kwargs: Any) -> Any:
    """Refused: nothing is traced."""
    raise NotImplementedError(
        "Leftfold has no K.function: make a model, keras.Model(inputs, outputs), and call it."
    )


def gradients(loss: Any, variables: Any) -> Any:
    """Refused: gradients need a tape that runs while the loss is computed."""
    raise NotImplementedError(
        "Leftfold has no K.gradients: compute the loss inside of tf.GradientTape()."
    )


def eval(x: Any) -> Any:
    """The values of `x` as an array."""
    return np.array(as_full_array(x))


get_value = eval


def set_value(x: Variable, value: Any) -> None:
    """Replace the values of a variable."""
    x.assign(value)


def batch_get_value(tensors: Any) -> list[Any]:
    """The values of several variables as arrays."""
    return [eval(tensor) for tensor in tensors]


def batch_set_value(tuples: Any) -> None:
    """Replace the values of several variables, given as pairs of variable and value."""
    for target, value in tuples:
        target.assign(value)


def int_shape(x: Any) -> Any:
    """The sizes, `None` where they are unknown."""
    return tuple(x.shape)


def dtype(x: Any) -> Any:
    """The element type's name."""
    return x.dtype


def cast_to_floatx(x: Any) -> Any:
    """`x` with the default float type, as an array if it is one."""
    if isinstance(x, Tensor):
        return ops.cast(x, floatx())
    return np.asarray(x, floatx())


def dot(x: Any, y: Any) -> Any:
    """The product over the last axis of `x` and the last but one of `y`."""
    return ops.dot(x, y)


def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """The product of each row of `x` with that row of `y`, over one axis of each.

    Args:
        x: `(batch, ...)`.
        y: `(batch, ...)`.
        axes: the axis of each that is summed over, or one number for both; by default the last
            of `x`, and of `y` the last but one (the last, if it has two axes).
    """
    from leftfold.layers import Dot

    if axes is None:
        axes = (len(x.shape) - 1, max(1, len(y.shape) - 2))
    axes = (axes, axes) if isinstance(axes, int) else tuple(axes)
    axes = tuple(a % len(t.shape) for a, t in zip(axes, (x, y), strict=True))
    return Dot(axes)([x, y])


def permute_dimensions(x: Any, pattern: Any) -> Any:
    """The axes in another order."""
    return ops.transpose(x, pattern)


def concatenate(tensors: Any, axis: int = -1) -> Any:
    """Tensors one behind the other along `axis`, the last by default."""
    return ops.concatenate(list(tensors), axis=axis)


def repeat(x: Any, n: int) -> Any:
    """`(batch, features)` as `(batch, n, features)`."""
    return ops.repeat(ops.expand_dims(x, 1), n, axis=1)


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Each element `rep` times along `axis`."""
    return ops.repeat(x, rep, axis=axis)


def expand_dims(x: Any, axis: int = -1) -> Any:
    """`x` with another axis of size 1, the last by default."""
    return ops.expand_dims(x, axis)


def reverse(x: Any, axes: Any) -> Any:
    """`x` backwards along one axis or several."""
    return ops.flip(x, axes)


def temporal_padding(x: Any, padding: Any = (1, 1)) -> Any:
    """`(batch, time, features)` with steps of zeros before and after."""
    return ops.pad(x, ((0, 0), tuple(padding), (0, 0)))


def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Any:
    """`x` plus a bias for each of its features, which come last."""
    if data_format == "channels_first":
        raise ValueError(f"K.bias_add expected data_format='channels_last', got {data_format!r}.")
    return x + bias


def flatten(x: Any) -> Any:
    """All elements in one axis."""
    return ops.reshape(x, (-1,))


def batch_flatten(x: Any) -> Any:
    """All axes but the first in one."""
    return ops.reshape(x, (x.shape[0] or -1, -1))


def gather(reference: Any, indices: Any) -> Any:
    """Rows of `reference`."""
    return ops.take(reference, indices, axis=0)


def in_top_k(predictions: Any, targets: Any, k: int) -> Any:
    """Whether each target is among the `k` classes with the highest predictions."""
    return ops.in_top_k(targets, predictions, k)


def relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """`x` above the threshold, `alpha * (x - threshold)` below, no more than `max_value`."""
    return activations.relu(x, alpha, max_value, threshold)


def map_fn(fn: Any, elems: Any, name: str | None = None, dtype: Any = None) -> Any:
    """`fn` of each row, stacked."""
    return ops.map(fn, elems)


def foldl(fn: Any, elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """`fn(result, row)` over the rows from first to last, beginning with the first row."""
    rows = ops.unstack(elems)
    return functools.reduce(fn, rows if initializer is None else [initializer, *rows])


def foldr(fn: Any, elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """`fn(result, row)` over the rows from last to first, beginning with the last row."""
    return foldl(fn, ops.flip(elems, 0), initializer)


def pow(x: Any, a: Any) -> Any:
    """`x**a`."""
    return ops.power(x, a)


def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """`x`, no smaller and no larger than the two."""
    return ops.clip(x, min_value, max_value)


def l2_normalize(x: Any, axis: Any = None) -> Any:
    """`x` divided by its norm along `axis`."""
    squares = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return x * ops.rsqrt(ops.maximum(squares, 1e-12))


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """One of two tensors, element by element."""
    values = [e() if callable(e) else e for e in (then_expression, else_expression)]
    return ops.where(condition, *values)


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """`x` in training, else `alt`; functions are called."""
    chosen = x if (learning_phase() if training is None else training) else alt
    return chosen() if callable(chosen) else chosen


def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """`alt` in training, else `x`."""
    return in_train_phase(alt, x, training)


def learning_phase() -> int:
    """1 inside a call that trains, else 0."""
    from leftfold.layers.call import context

    return int(bool(context.training))


def set_learning_phase(value: Any) -> None:
    """Refused: calls say whether they train."""
    raise NotImplementedError(
        "Leftfold has no K.set_learning_phase: call model(x, training=True) or False."
    )


def random_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Numbers from a normal distribution."""
    return random.normal(shape, mean, stddev, dtype, seed)


def random_uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Numbers from `minval` to below `maxval`."""
    return random.uniform(shape, minval, maxval, dtype, seed)


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Numbers from a normal distribution, none further than two deviations from its mean."""
    return random.truncated_normal(shape, mean, stddev, dtype, seed)


def random_bernoulli(shape: Any, p: float = 0.0, dtype: Any = None, seed: Any = None) -> Any:
    """Ones with probability `p`, else zeros."""
    return ops.cast(ops.less(random.uniform(shape, seed=seed), p), dtype or floatx())


random_binomial = random_bernoulli


def random_normal_variable(
    shape: Any, mean: float, scale: float, dtype: Any = None, name: Any = None, seed: Any = None
) -> Any:
    """A variable with numbers from a normal distribution."""
    return variable(random.normal(shape, mean, scale, dtype, seed), dtype, name)


def random_uniform_variable(
    shape: Any, low: float, high: float, dtype: Any = None, name: Any = None, seed: Any = None
) -> Any:
    """A variable with numbers from `low` to below `high`."""
    return variable(random.uniform(shape, low, high, dtype, seed), dtype, name)


def dropout(x: Any, level: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """`x` with a share of its elements zero and the others enlarged by as much."""
    return random.dropout(x, level, noise_shape, seed)


def count_params(x: Any) -> int:
    """How many elements `x` has."""
    return math.prod(x.shape)


@contextlib.contextmanager
def name_scope(name: str) -> Iterator[None]:
    """Nothing to do: names have no scopes."""
    yield


def moving_average_update(x: Any, value: Any, momentum: float) -> Any:
    """Move a variable towards a value, by `1 - momentum` of the way."""
    return x.assign(x * momentum + value * (1.0 - momentum))


def update(x: Variable, new_x: Any) -> Any:
    """Replace the values of a variable."""
    return x.assign(new_x)


def update_add(x: Variable, increment: Any) -> Any:
    """Add to the values of a variable."""
    return x.assign_add(increment)


def update_sub(x: Variable, decrement: Any) -> Any:
    """Subtract from the values of a variable."""
    return x.assign_sub(decrement)


def print_tensor(x: Any, message: str = "") -> Any:
    """Print `x` and return it."""
    print(message, x)
    return x


def set_session(session: Any) -> None:
    """Nothing to do: there are no sessions."""


def get_session() -> Any:
    """Refused: there are no sessions."""
    raise NotImplementedError("Leftfold has no sessions: call functions and models directly.")


def rnn(
    step_function: Callable[[Any, list[Any]], tuple[Any, list[Any]]],
    inputs: Any,
    initial_states: list[Any],
    go_backwards: bool = False,
    mask: Any = None,
    constants: Any = None,
    unroll: bool = False,
    input_length: Any = None,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Any, Any, list[Any]]:
    """A function of one step, folded over the time axis.

    Returns:
        The last output, the outputs of all steps, and the last states.
    """
    sequences = ops.convert_to_tensor(inputs)
    sequences = ops.swapaxes(sequences, 0, 1) if time_major else sequences
    given = list(constants or [])
    outputs, states = scan(
        lambda x, before: step_function(x, [*before, *given]),
        sequences,
        list(initial_states),
        initial_states[0],
        None if mask is None else np.asarray(mask, bool),
        go_backwards=go_backwards,
        return_sequences=True,
        zero_output_for_mask=zero_output_for_mask,
    )
    last = outputs[:, -1]
    outputs = outputs if return_all_outputs else outputs[:, -1:]
    return last, ops.swapaxes(outputs, 0, 1) if time_major else outputs, list(states)
