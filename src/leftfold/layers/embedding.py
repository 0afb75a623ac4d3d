"""`Embedding`: token ids to vectors."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from leftfold import constraints, initializers, ops, regularizers
from leftfold.engine import Tensor
from leftfold.engine.legacy import tell_once
from leftfold.layers.call import context
from leftfold.layers.checks import positive_integer
from leftfold.layers.layer import Layer
from leftfold.layers.lookup import Lookup
from leftfold.layers.serialization import known_layer
from leftfold.ops.distinct import token_ids


@known_layer
class Embedding(Layer):
    """The rows of a trained table that token ids point to.

    Args:
        input_dim: size of the vocabulary; ids go from 0 to `input_dim - 1`.
        output_dim: size of a vector.
        embeddings_initializer: first values of `embeddings`, (input_dim, output_dim).
        embeddings_regularizer: penalty on `embeddings`.
        embeddings_constraint: applied to `embeddings` after every update.
        mask_zero: whether id 0 is padding that the layers behind this one shall skip.
        weights: first values of `embeddings`, instead of an initializer.
        lora_rank: not supported.

    Raises:
        ValueError: for sizes that are not positive integers; when called, for ids that are not
            whole numbers or lie outside the vocabulary.

    Example:
        >>> import numpy as np
        >>> Embedding(10, 4)(np.array([[1, 2, 0]])).shape
        (1, 3, 4)
    """

    steady = True

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.pop("input_length", None) is not None:
            tell_once("Embedding no longer needs input_length: remove it.")
        kwargs.pop("quantization_config", None)
        if lora_rank is not None:
            raise ValueError("Embedding does not support lora_rank.")
        super().__init__(**kwargs)
        self.input_dim = positive_integer("Embedding", "input_dim", input_dim)
        self.output_dim = positive_integer("Embedding", "output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self.autocast = False
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, list) else [weights])

    def build(self, input_shape: Any = None) -> None:
        if self.built:
            return
        self.embeddings = self.add_weight(
            (self.input_dim, self.output_dim),
            self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            name="embeddings",
        )

    def call(self, inputs: Any) -> Any:
        try:
            return ops.embedding(self.embeddings, inputs)
        except ValueError:
            self.check_data(inputs.data if isinstance(inputs, Tensor) else np.asarray(inputs))
            return ops.embedding(self.embeddings, ops.cast(inputs, "int32"))

    def look_up_later(self, ids: Any) -> Any:
        """A stand-in for the vectors, for recurrences that know what to make of it: see `Lookup`.

        Where a call does anything but look up, or ids are not what they should be, it is made.
        """
        only_looks_up = self.activity_regularizer is None and not context.probing
        ready = self.built and self._path is not None and type(ids) is Tensor
        if not only_looks_up or not ready:
            return self(ids)
        with suppress(ValueError):  # which a call tells better
            words = token_ids(ids, vocabulary=self.input_dim)
            vectors = Lookup(self.embeddings, words).stand_in()
            vectors._keras_mask = self.compute_mask(ids)
            return vectors
        return self(ids)

    def check_data(self, ids: np.ndarray) -> None:
        """Refuse ids outside the vocabulary, and say which one and how large that is.

        Fractions are cut off, as in Keras, with a warning.
        """
        if ids.dtype.kind in "iu" and ids.size and ids.min() >= 0 and ids.max() < self.input_dim:
            return
        whole = np.trunc(ids)
        if np.isnan(whole).any():
            raise ValueError(f"{self._called} expected whole numbers as ids, got nan.")
        if (ids != whole).any():
            tell_once(
                f"{self._called} expected whole numbers as ids, got {ids[ids != whole].flat[0]}: "
                "fractions are cut off."
            )
        ids = whole
        outside = ids[(ids < 0) | (ids >= self.input_dim)]
        if outside.size:
            raise ValueError(
                f"{self._called} expected ids from 0 to {self.input_dim - 1}, for a vocabulary of "
                f"{self.input_dim}, got id {outside.flat[0]:.0f}."
            )

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape, self.output_dim)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": initializers.serialize(self.embeddings_initializer),
            "embeddings_regularizer": regularizers.serialize(self.embeddings_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "embeddings_constraint": constraints.serialize(self.embeddings_constraint),
            "mask_zero": self.mask_zero,
        }
