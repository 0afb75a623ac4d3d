"""Layers that own their cell, and those whose cell has a kernel for a whole sequence."""

from __future__ import annotations

from typing import Any

from leftfold import activations, ops, regularizers
from leftfold.engine.recording import recording, spoil_trace
from leftfold.engine.remat_scope import current_scope
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.lookup import Lookup, vectors_of
from leftfold.layers.recurrent.cell import GatedCell
from leftfold.layers.recurrent.rnn import RNN
from leftfold.ops.fused import dense
from leftfold.ops.table_products import ProductCache, products_by_word

LEAST_REPEATS = 1.5
"""How often ids must repeat on average before it pays to compute by distinct id."""

CERTAIN_REPEATS = 1.25
"""The same where a vocabulary is so small that all ids do, whichever they are."""

MOST_ROWS = 16
"""Rows of a table for each id: with more, finding the distinct ids takes too long."""


def of_the_cell(name: str) -> Any:
    """An attribute of the layer that is the cell's."""
    return property(lambda layer: getattr(layer.cell, name), doc=f"`{name}` of the cell.")


def cell_keywords(name: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    """What a layer's further keyword arguments mean for its cell."""
    return {
        "name": name,
        "dtype": kwargs.get("dtype"),
        "trainable": kwargs.get("trainable", True),
        "implementation": kwargs.pop("implementation", 2),
    }


def checked_use_cudnn(layer: str, value: Any) -> Any:
    """`value`, if it is one that Keras takes; there is no cuDNN here to use."""
    if value not in ("auto", True, False):
        raise ValueError(f"{layer} expected use_cudnn to be 'auto', True or False, got {value!r}.")
    return value


class CellRNN(RNN):
    """Base of layers that make their cell themselves, and show its settings as their own."""

    cell: GatedCell

    activation = of_the_cell("activation")
    use_bias = of_the_cell("use_bias")
    kernel = of_the_cell("kernel")
    recurrent_kernel = of_the_cell("recurrent_kernel")
    bias = of_the_cell("bias")
    kernel_initializer = of_the_cell("kernel_initializer")
    recurrent_initializer = of_the_cell("recurrent_initializer")
    bias_initializer = of_the_cell("bias_initializer")
    kernel_regularizer = of_the_cell("kernel_regularizer")
    recurrent_regularizer = of_the_cell("recurrent_regularizer")
    bias_regularizer = of_the_cell("bias_regularizer")
    kernel_constraint = of_the_cell("kernel_constraint")
    recurrent_constraint = of_the_cell("recurrent_constraint")
    bias_constraint = of_the_cell("bias_constraint")
    dropout = of_the_cell("dropout")
    recurrent_dropout = of_the_cell("recurrent_dropout")
    seed = of_the_cell("seed")

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["cell"]
        regularizer = regularizers.serialize(self.activity_regularizer)
        return {**config, **self.cell.settings(), "activity_regularizer": regularizer}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Any:
        return super(RNN, cls).from_config(config)


class FusedRNN(CellRNN):
    """Base of `SimpleRNN`, `LSTM` and `GRU`.

    Where the kernels know the activations, the whole sequence is one primitive; otherwise the
    cell runs step by step. Both give the same results.
    """

    steady = True

    units = of_the_cell("units")

    def __init__(self, cell: GatedCell, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self.input_spec = InputSpec(ndim=3)
        self._remat_scope = current_scope()
        self._cache = ProductCache()

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build the cell for the inputs' number of features."""
        if len(sequences_shape) != 3 or sequences_shape[2] is None:
            raise ValueError(
                f"{self._called} expected inputs of shape (batch, timesteps, features) with a "
                f"known number of features, got {tuple(sequences_shape)}."
            )
        super().build(sequences_shape, initial_state_shape)
        self.input_spec = InputSpec(ndim=3, axes={-1: sequences_shape[2]})

    def _read(
        self, sequences: Any, states: Any, mask: Any, training: bool | None
    ) -> tuple[Any, list[Any]]:
        names = self._activation_names()
        if None in names.values():
            return super()._read(vectors_of(sequences), states, mask, training)
        shape = sequences.shape
        input_dropout, recurrent_dropout = self.cell.dropout_masks(sequences, training)
        by_word = None if input_dropout is not None else self._by_word(sequences)
        if by_word is None:
            sequences = vectors_of(sequences)
            if sequences.dtype != self.variable_dtype:
                sequences = ops.cast(sequences, self.variable_dtype)
            weights: Any = (self.cell.kernel, self.cell.recurrent_kernel, self.cell.bias)
        else:
            sequences, *weights = by_word
        output, *last_states = self._read_at_once(
            sequences,
            weights,
            states or [None] * len(self.state_size),
            mask=mask,
            input_dropout=input_dropout,
            recurrent_dropout=recurrent_dropout,
            go_backwards=self.go_backwards,
            return_sequences=self.return_sequences,
            zero_output_for_mask=self.zero_output_for_mask,
            in_chunks=self._in_chunks(shape),
            bfloat16=self._bfloat16,
            **names,
        )
        return output, last_states

    def _in_chunks(self, shape: tuple[int, ...]) -> bool:
        """Whether the scope in which the layer was made wants it to keep less."""
        if self._remat_scope is None:
            return False
        batch, timesteps = shape[:2]
        size = batch * self.units * (timesteps if self.return_sequences else 1)
        return bool(self._remat_scope.covers(self.name, size))

    def _read_at_once(
        self, sequences: Any, weights: Any, states: list[Any], **settings: Any
    ) -> Any:
        """The output and the last states, by one primitive."""
        raise NotImplementedError

    def _by_word(self, sequences: Any) -> tuple[Any, ...] | None:
        """Inputs and weights for vectors that are rows of a table; `None` if it does not pay.

        A text repeats its words, and `x W + b` is the same for every `x` that is the same row of
        the table. So it is computed once for each distinct word; the recurrence gets the words as
        one-hot inputs, as it were, and these products as its kernel. The sums are the same chains
        of multiply-adds, so the outputs have the same bits either way.
        """
        lookup = getattr(sequences, "looked_up", None)
        if lookup is None:
            return None
        ids, vocabulary = lookup.ids, lookup.table.shape[0]
        if vocabulary > MOST_ROWS * ids.size or lookup.table.dtype != self.variable_dtype:
            return None
        if not recording() and self._cache.may_pay(ids, lookup.table, self.cell.kernel):
            return self._by_kept_word(lookup)
        words, places = lookup.distinct()
        if vocabulary * CERTAIN_REPEATS > ids.size:
            spoil_trace()  # in another batch they may repeat more or less
            if words.size * LEAST_REPEATS > ids.size:
                return None
        at_input, at_state = self.cell.biases()
        products = dense(
            lookup.distinct_vectors(), self.cell.kernel, at_input, bfloat16=self._bfloat16
        )
        return places, products, self.cell.recurrent_kernel, at_state

    def _by_kept_word(self, lookup: Lookup) -> tuple[Any, ...]:
        """The same where nothing is learnt: the next batch may need the same products again."""
        at_input, at_state = self.cell.biases()
        places, products = products_by_word(
            lookup.ids, *lookup.distinct(), lookup.table, self.cell.kernel, at_input,
            cache=self._cache, bfloat16=self._bfloat16,
        )  # fmt: skip
        return places, products, self.cell.recurrent_kernel, at_state

    def _activation_names(self) -> dict[str, str | None]:
        """The activations as the kernels call them, `None` for one they do not know."""
        return {
            name: activations.kernel_name(getattr(self.cell, name))
            for name in ("activation", "recurrent_activation")
            if hasattr(self.cell, name)
        }
