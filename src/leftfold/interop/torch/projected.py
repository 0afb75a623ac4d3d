"""`ProjectedLSTMCell`: the LSTM that `nn.LSTM(proj_size=...)` computes."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine.registry import register_keras_serializable
from leftfold.layers import Layer


@register_keras_serializable("leftfold")
class ProjectedLSTMCell(Layer):
    """An LSTM's step whose output is projected to fewer numbers before it goes on.

    With the equations of `leftfold.engine.reference.lstm`, the new hidden state is
    `(o * tanh(c)) @ projection_kernel`. Gates stand in Keras's order.

    Args:
        units: size of the cell state.
        projection: size of the hidden state, which is also the output.
        use_bias: whether there is a bias.

    Source: Sak et al. (2014), arXiv:1402.1128, section 2.

    Example:
        >>> import numpy as np
        >>> from leftfold import layers
        >>> from leftfold.interop.torch import ProjectedLSTMCell
        >>> layers.RNN(ProjectedLSTMCell(8, 3))(np.ones((2, 5, 4))).shape
        (2, 3)
    """

    def __init__(self, units: int, projection: int, use_bias: bool = True, **kwargs: Any) -> None:
        for name, value in (("units", units), ("projection", projection)):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise ValueError(
                    f"ProjectedLSTMCell expected {name} to be a positive integer, got {value!r}."
                )
        super().__init__(**kwargs)
        self.units = int(units)
        self.projection = int(projection)
        self.use_bias = use_bias
        self.state_size = [self.projection, self.units]
        self.output_size = self.projection

    def build(self, input_shape: Any) -> None:
        """Create the weights for inputs of shape (batch, features)."""
        width = 4 * self.units
        self.kernel = self.add_weight(shape=(input_shape[-1], width), name="kernel")
        self.recurrent_kernel = self.add_weight(
            shape=(self.projection, width), initializer="orthogonal", name="recurrent_kernel"
        )
        self.projection_kernel = self.add_weight(
            shape=(self.units, self.projection), name="projection_kernel"
        )
        self.bias: Any = None
        if self.use_bias:
            self.bias = self.add_weight(shape=(width,), initializer="zeros", name="bias")
        self.built = True

    def call(self, inputs: Any, states: Any) -> Any:
        h, c = states
        z = ops.matmul(inputs, self.kernel) + ops.matmul(h, self.recurrent_kernel)
        if self.bias is not None:
            z = z + self.bias
        z_i, z_f, z_c, z_o = ops.split(z, 4, axis=1)
        c = ops.sigmoid(z_f) * c + ops.sigmoid(z_i) * ops.tanh(z_c)
        h = ops.matmul(ops.sigmoid(z_o) * ops.tanh(c), self.projection_kernel)
        return h, [h, c]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "projection": self.projection,
            "use_bias": self.use_bias,
        }
