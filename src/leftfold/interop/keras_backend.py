"""`keras.backend` of Keras 1 and 2: the functions that custom layers and losses were made of.

Names that mean the same in `leftfold.ops` are taken from there.
"""

# ruff: noqa: F401
from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import ops, random
from leftfold.engine import Tensor, Variable
from leftfold.engine.tensor import as_full_array
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
    from leftfold.engine import config

    if isinstance(x, Tensor):
        return ops.cast(x, config.floatx())
    return np.asarray(x, config.floatx())


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


def flatten(x: Any) -> Any:
    """All elements in one axis."""
    return ops.reshape(x, (-1,))


def batch_flatten(x: Any) -> Any:
    """All axes but the first in one."""
    return ops.reshape(x, (x.shape[0] or -1, -1))


def gather(reference: Any, indices: Any) -> Any:
    """Rows of `reference`."""
    return ops.take(reference, indices, axis=0)


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
