"""What only Keras 2 had: names of reductions, and a base class for cells."""

from __future__ import annotations

from typing import Any

from leftfold import ops
from leftfold.engine.symbolic import map_structure
from leftfold.layers import Layer

__all__ = ["AbstractRNNCell", "Reduction"]


class AbstractRNNCell(Layer):
    """A base for cells of a user's own, to be given to `RNN`.

    A subclass has `state_size` and `call(inputs, states) -> (output, new_states)`; any layer that
    has them will do as well.
    """

    @property
    def state_size(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} expected a property state_size.")

    def get_initial_state(
        self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
    ) -> Any:
        """Zeros for every state."""
        batch = inputs.shape[0] if inputs is not None else batch_size

        def zeros(size: Any) -> Any:
            shape = tuple(size) if isinstance(size, list | tuple) else (size,)
            return ops.zeros((batch, *shape), dtype=dtype)

        return map_structure(zeros, self.state_size)


class Reduction:
    """The names that reductions of losses had."""

    AUTO = "sum_over_batch_size"
    NONE = "none"
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """All of them."""
        return cls.AUTO, cls.NONE, cls.SUM, cls.SUM_OVER_BATCH_SIZE
