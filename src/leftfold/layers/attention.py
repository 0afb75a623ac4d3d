"""Attention: each query gathers from values what its scores say."""

from __future__ import annotations

from typing import Any

from leftfold import ops
from leftfold.engine.random import SeedGenerator
from leftfold.layers.call import is_shape
from leftfold.layers.checks import fraction
from leftfold.layers.layer import Layer
from leftfold.layers.serialization import known_layer

_SCORE_MODES = ("dot", "concat")


@known_layer
class Attention(Layer):
    """For each query the mean of the values, weighted by `softmax(scores)` (Luong et al. 2015).

    The score of a query and a key is `scale * (query . key)`, or in the mode `"concat"`
    `concat_score_weight * sum(tanh(scale * (query + key)))`.

    Args:
        use_scale: whether scores are multiplied by a learnt scalar `scale`, 1 at first.
        score_mode: `"dot"` or `"concat"`.
        dropout: share of the weights that is set to zero while training, from 0 to 1.
        seed: makes the dropout repeatable.

    Call arguments:
        inputs: a list of query `(batch, queries, features)`, value `(batch, steps, width)` and,
            unless the value is its own key, key `(batch, steps, features)`.
        mask: a list of the masks of query and value, each `(batch, length)` or `None`. A masked
            value has no weight; at a masked query the output is zero.
        training: whether dropout takes place.
        return_attention_scores: whether to return `(outputs, weights)`, the weights
            `(batch, queries, steps)`.
        use_causal_mask: whether query `i` sees values up to `i` only.

    A query that may see no value at all receives zeros.

    Raises:
        ValueError: for an unknown `score_mode`, a rate outside 0 to 1, or inputs that are not a
            list of two or three tensors.

    Source: Luong et al. 2015, "Effective Approaches to Attention-based Neural Machine
    Translation", section 3.1.

    Example:
        >>> import numpy as np
        >>> query, value = np.ones((2, 3, 4)), np.ones((2, 5, 4))
        >>> Attention()([query, value]).shape
        (2, 3, 4)
    """

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if score_mode not in _SCORE_MODES:
            raise ValueError(
                f"{type(self).__name__} expected score_mode to be 'dot' or 'concat', "
                f"got {score_mode!r}."
            )
        self.use_scale = use_scale
        self.score_mode = score_mode
        self.dropout = fraction(type(self).__name__, "dropout", dropout)
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True
        self.scale: Any = None
        self.concat_score_weight: Any = None

    def build(self, input_shape: Any) -> None:
        """Make the weights, and refuse shapes that have no scores."""
        self._check_shapes(input_shape)
        if self.use_scale:
            self.scale = self.add_weight((), "ones", name="scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight")

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        query, value, key = (*inputs, inputs[1])[:3]
        query_mask, value_mask = self._masks(mask)
        scores = self._scores(query, key)
        visible = None if value_mask is None else ops.expand_dims(value_mask, -2)
        if use_causal_mask:
            visible = both(visible, causal_mask(query.shape[-2], key.shape[-2]))
        weights = masked_softmax(scores, visible)
        if training and self.dropout:
            weights = ops.dropout(weights, self.dropout, self.seed_generator.next())
        outputs = ops.matmul(weights, value)
        if query_mask is not None:
            outputs = ops.where(ops.expand_dims(query_mask, -1), outputs, 0)
        return (outputs, weights) if return_attention_scores else outputs

    def _scores(self, query: Any, key: Any) -> Any:
        """How much each query `(batch, queries, features)` is for each key, unnormalised."""
        if self.score_mode == "dot":
            scores = ops.matmul(query, ops.swapaxes(key, -2, -1))
            return scores if self.scale is None else scores * self.scale
        pairs = _pairwise_sums(query, key)
        scaled = pairs if self.scale is None else pairs * self.scale
        return self.concat_score_weight * ops.sum(ops.tanh(scaled), axis=-1)

    def _check_shapes(self, shapes: Any) -> None:
        if is_shape(shapes) or not isinstance(shapes, list | tuple):
            raise ValueError(
                f"{self._called} expected a list [query, value] or [query, value, key], "
                "got one tensor."
            )
        if len(shapes) not in (2, 3):
            raise ValueError(
                f"{self._called} expected a list [query, value] or [query, value, key], "
                f"got {len(shapes)} tensors."
            )
        query, value, key = (*shapes, shapes[1])[:3]
        agree = key[-2] == value[-2] or None in (key[-2], value[-2])
        if len({len(shape) for shape in shapes}) > 1 or query[-1] != key[-1] or not agree:
            listed = ", ".join(str(tuple(shape)) for shape in shapes)
            raise ValueError(
                f"{self._called} expected query and key with the same number of features, value "
                f"and key with the same number of steps, got shapes {listed}."
            )

    def _masks(self, mask: Any) -> tuple[Any, Any]:
        """The masks of query and value as booleans."""
        if mask is None:
            return None, None
        if not isinstance(mask, list | tuple) or len(mask) not in (2, 3):
            raise ValueError(
                f"{self._called} expected mask to be a list [query_mask, value_mask], got {mask!r}."
            )
        query_mask, value_mask = (each if each is None else as_mask(each) for each in mask[:2])
        return query_mask, value_mask

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the query."""
        return self._masks(mask)[0]

    def compute_output_shape(self, input_shape: Any) -> Any:
        self._check_shapes(input_shape)
        return (*input_shape[0][:-1], input_shape[1][-1])

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        return self._infer(args, kwargs)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "use_scale": self.use_scale,
            "score_mode": self.score_mode,
            "dropout": self.dropout,
            "seed": self.seed,
        }


@known_layer
class AdditiveAttention(Attention):
    """As `Attention`, with the score `sum(scale * tanh(query + key))` (Bahdanau et al. 2015).

    Args:
        use_scale: whether there is a learnt `scale`, (features,); it is 1 otherwise.
        dropout: share of the weights that is set to zero while training, from 0 to 1.
        **kwargs: `seed`, which makes the dropout repeatable, and what all layers take.

    It is called as `Attention` is.

    Source: Bahdanau et al. 2015, "Neural Machine Translation by Jointly Learning to Align and
    Translate", appendix A.1.2.

    Example:
        >>> import numpy as np
        >>> query, value = np.ones((2, 3, 4)), np.ones((2, 5, 4))
        >>> AdditiveAttention()([query, value]).shape
        (2, 3, 4)
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: Any) -> None:
        self._check_shapes(input_shape)
        if self.use_scale:
            self.scale = self.add_weight((input_shape[0][-1],), "glorot_uniform", name="scale")

    def _scores(self, query: Any, key: Any) -> Any:
        bent = ops.tanh(_pairwise_sums(query, key))
        return ops.sum(bent, axis=-1) if self.scale is None else ops.dot(bent, self.scale)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["score_mode"]
        return config


def masked_softmax(scores: Any, visible: Any, axis: Any = -1) -> Any:
    """`softmax(scores)` over what is visible; zeros everywhere where nothing is.

    Args:
        scores: any shape.
        visible: a mask that broadcasts against the scores, or `None` for all.
        axis: an axis, or several.
    """
    if visible is None:
        return ops.softmax(scores, axis=axis)
    lowest = -3e4 if scores.dtype == "float16" else -1e9
    weights = ops.softmax(ops.where(visible, scores, lowest), axis=axis)
    return ops.where(visible, weights, 0)


def causal_mask(queries: int, keys: int) -> Any:
    """`(queries, keys)`, true where the key is not behind the query in time."""
    return ops.tri(queries, keys, dtype="bool")


def both(first: Any, second: Any) -> Any:
    """What two masks have in common, where `None` hides nothing."""
    if first is None or second is None:
        return second if first is None else first
    return ops.logical_and(first, second)


def as_mask(mask: Any) -> Any:
    """A mask as booleans."""
    return mask if mask.dtype == "bool" else ops.cast(mask, "bool")


def _pairwise_sums(query: Any, key: Any) -> Any:
    """`(..., queries, 1, features) + (..., 1, keys, features)`."""
    return ops.expand_dims(query, -2) + ops.expand_dims(key, -3)
