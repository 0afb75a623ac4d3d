"""`MultiHeadAttention`: several attentions side by side, each on projections of its own."""

from __future__ import annotations

import math
from typing import Any

from leftfold import constraints, initializers, ops, regularizers
from leftfold.engine.naming import auto_name
from leftfold.engine.random import SeedGenerator
from leftfold.layers.attention import as_mask, both, causal_mask, masked_softmax
from leftfold.layers.checks import fraction, positive_integer
from leftfold.layers.layer import Layer
from leftfold.layers.projection import Projection
from leftfold.layers.serialization import known_layer


@known_layer
class MultiHeadAttention(Layer):
    """Attention by several heads, whose outputs one more projection joins (Vaswani et al. 2017).

    Each head computes `softmax(q k^T / sqrt(key_dim)) v` of its own projections `q`, `k`, `v`.

    Args:
        num_heads: number of heads.
        key_dim: size of a head's queries and keys.
        value_dim: size of a head's values; `key_dim` by default.
        dropout: share of the weights that is set to zero while training, from 0 to 1.
        use_bias: whether the projections have a bias.
        output_shape: size, or sizes, of the output's last axes; the query's last by default.
        attention_axes: the axes over which to attend; all but the first and the last by default.
        sliding_window: how far a query sees, itself included; everything by default.
        flash_attention: not supported, must be `None` or `False`.
        kernel_initializer: first values of the kernels.
        bias_initializer: first values of the biases.
        kernel_regularizer: penalty on the kernels.
        bias_regularizer: penalty on the biases.
        activity_regularizer: penalty on the output of each projection.
        kernel_constraint: applied to the kernels after every update.
        bias_constraint: applied to the biases after every update.
        use_gate: whether the heads' outputs are multiplied by a sigmoid of a projected query.
        seed: makes the dropout repeatable.

    Call arguments:
        query: `(batch, queries, features)`.
        value: `(batch, steps, features)`.
        key: `(batch, steps, features)`; the value by default.
        query_mask: `(batch, queries)`, as the next two that of the tensor by default.
        value_mask: `(batch, steps)`.
        key_mask: `(batch, steps)`.
        attention_mask: `(batch, queries, steps)`, true where the query may see the step.
        return_attention_scores: whether to return `(outputs, weights)`, the weights
            `(batch, num_heads, queries, steps)`.
        training: whether dropout takes place.
        use_causal_mask: whether query `i` sees steps up to `i` only.

    A query that may see nothing receives the last projection of zeros, its bias.

    Raises:
        ValueError: for sizes that are not positive integers, a rate outside 0 to 1, axes that
            are not there, or value and key of different lengths.

    Source: Vaswani et al. 2017, "Attention Is All You Need", section 3.2.

    Example:
        >>> import numpy as np
        >>> x = np.ones((2, 5, 8))
        >>> MultiHeadAttention(num_heads=2, key_dim=4)(x, x).shape
        (2, 5, 8)
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Any = None,
        attention_axes: Any = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        name = type(self).__name__
        if flash_attention:
            raise ValueError(f"{name} does not support flash_attention.")
        self.num_heads = positive_integer(name, "num_heads", num_heads)
        self.key_dim = positive_integer(name, "key_dim", key_dim)
        value_dim = key_dim if value_dim is None else value_dim
        self.value_dim = positive_integer(name, "value_dim", value_dim)
        self.dropout = fraction(name, "dropout", dropout)
        self.use_bias = use_bias
        self.use_gate = use_gate
        self._sizes = _integers("output_shape", output_shape)
        self.attention_axes = _integers("attention_axes", attention_axes)
        if sliding_window is not None:
            sliding_window = positive_integer(name, "sliding_window", sliding_window)
        self.sliding_window = sliding_window
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self._projection_regularizer = regularizers.get(activity_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True

    def build(  # type: ignore[override]
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
    ) -> None:
        """Make the projections for those shapes."""
        key_shape = self._checked_key_shape(query_shape, value_shape, key_shape)
        rank = len(query_shape)
        axes = range(1, rank - 1) if self.attention_axes is None else self.attention_axes
        if any(not -rank < axis < rank or axis % rank in (0, rank - 1) for axis in axes):
            raise ValueError(
                f"{self._called} expected attention_axes between the first and the last axis, "
                f"got {self.attention_axes} for a query of shape {tuple(query_shape)}."
            )
        self.attention_axes = tuple(axis % rank for axis in axes)
        per_key, per_value = (self.num_heads, self.key_dim), (self.num_heads, self.value_dim)
        # Keras publishes four of these attributes, and files name the weights after them.
        self.query_dense = self._projection("query", 1, per_key, query_shape)
        self.key_dense = self._projection("key", 1, per_key, key_shape)
        if self.use_gate:
            self._gate_dense = self._projection("gate", 1, per_value, query_shape)
        self.value_dense = self._projection("value", 1, per_value, value_shape)
        sizes = self._sizes or (query_shape[-1],)
        joined = (*query_shape[:-1], *per_value)
        self.output_dense = self._projection("attention_output", 2, sizes, joined)
        for inner in ("softmax", "dropout"):  # layers of Keras's own, which count among names
            auto_name(inner)

    def _projection(self, name: str, axes: int, sizes: tuple[int, ...], shape: Any) -> Projection:
        projection = Projection(
            axes,
            sizes,
            self.use_bias,
            self.kernel_initializer,
            self.bias_initializer,
            self.kernel_regularizer,
            self.bias_regularizer,
            self.kernel_constraint,
            self.bias_constraint,
            activity_regularizer=self._projection_regularizer,
            dtype=self.dtype_policy,
            name=name,
        )
        projection.build(shape)
        return projection

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: Any = None,
        use_causal_mask: bool = False,
    ) -> Any:
        key = value if key is None else key
        visible = None if attention_mask is None else as_mask(attention_mask)
        if query_mask is not None:
            visible = both(visible, ops.expand_dims(as_mask(query_mask), -1))
        for mask in (value_mask, key_mask):
            if mask is not None:
                visible = both(visible, ops.expand_dims(as_mask(mask), -2))
        queries, steps = query.shape[1], value.shape[1]
        if use_causal_mask:
            visible = both(visible, ops.expand_dims(causal_mask(queries, steps), 0))
        if self.sliding_window is not None:
            visible = both(visible, _window_mask(queries, steps, self.sliding_window))
        scale = 1 / math.sqrt(self.key_dim)
        outputs, weights = self._attend(
            self.query_dense(query) * scale,
            self.key_dense(key),
            self.value_dense(value),
            visible,
            bool(training),
        )
        if self.use_gate:
            outputs = outputs * ops.sigmoid(self._gate_dense(query))
        outputs = self.output_dense(outputs)
        return (outputs, weights) if return_attention_scores else outputs

    def _attend(self, query: Any, key: Any, value: Any, visible: Any, training: bool) -> Any:
        """Outputs `(batch, ..., heads, value_dim)` and weights `(batch, heads, ...)`.

        The axes over which to attend stand side by side, so that scores and outputs are products
        of matrices, however many they are.
        """
        rank, over = len(query.shape), tuple(self.attention_axes or ())
        apart = tuple(axis for axis in range(rank - 1) if axis not in over)
        order = (*apart, *over, rank - 1)
        query, key, value = (ops.transpose(x, order) for x in (query, key, value))
        outer = query.shape[: len(apart)]
        long, short = query.shape[len(apart) : -1], key.shape[len(apart) : -1]
        rows = [
            ops.reshape(x, (*x.shape[: len(apart)], math.prod(x.shape[len(apart) : -1]), -1))
            for x in (query, key, value)
        ]
        scores = ops.matmul(rows[0], ops.swapaxes(rows[1], -1, -2))
        scores = ops.reshape(scores, (*outer, *long, *short))
        while visible is not None and len(visible.shape) < len(scores.shape):
            visible = ops.expand_dims(visible, -2 * len(over) - 1)
        weights = masked_softmax(scores, visible, tuple(range(-len(over), 0)))
        kept = weights
        if training and self.dropout:
            kept = ops.dropout(weights, self.dropout, self.seed_generator.next())
        kept = ops.reshape(kept, (*outer, math.prod(long), math.prod(short)))
        outputs = ops.reshape(ops.matmul(kept, rows[2]), (*outer, *long, value.shape[-1]))
        return ops.transpose(outputs, sorted(range(rank), key=order.__getitem__)), weights

    def _checked_key_shape(self, query: Any, value: Any, key: Any) -> Any:
        key = value if key is None else key
        if tuple(value[1:-1]) != tuple(key[1:-1]):
            raise ValueError(
                f"{self._called} expected value and key of the same shape but for the last axis, "
                f"got {tuple(value)} and {tuple(key)}."
            )
        if not len(query) == len(value) >= 3:
            raise ValueError(
                f"{self._called} expected query and value of the same rank, 3 at least, "
                f"got shapes {tuple(query)} and {tuple(value)}."
            )
        return key

    def compute_output_shape(
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
    ) -> Any:
        self._checked_key_shape(query_shape, value_shape, key_shape)
        return (*query_shape[:-1], *(self._sizes or (query_shape[-1],)))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        return self._infer(args, kwargs)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "num_heads": self.num_heads,
            "key_dim": self.key_dim,
            "value_dim": self.value_dim,
            "dropout": self.dropout,
            "use_bias": self.use_bias,
            "use_gate": self.use_gate,
            "output_shape": self._sizes,
            "attention_axes": self.attention_axes,
            "sliding_window": self.sliding_window,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self._projection_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            "seed": self.seed,
        }


def _window_mask(queries: int, steps: int, width: int) -> Any:
    """`(1, queries, steps)`, true where query and step are fewer than `width` steps apart."""
    distance = ops.expand_dims(ops.arange(queries), 1) - ops.arange(steps)
    return ops.expand_dims(ops.less(ops.abs(distance), width), 0)


def _integers(name: str, value: Any) -> tuple[int, ...] | None:
    """One integer or several as a tuple, `None` for none."""
    if value is None or value == ():
        return None
    values = (value,) if isinstance(value, int) else value
    if not isinstance(values, list | tuple) or not all(isinstance(n, int) for n in values):
        raise ValueError(
            f"MultiHeadAttention expected {name} to be an integer or several, got {value!r}."
        )
    return tuple(values)
