"""A cell of one's own in RNN: alone, stacked, and beside the built-in one."""

import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable(package="scripts")
class MinimalRNNCell(layers.Layer):
    """h = tanh(x W + h U), and a leak that keeps some of what was."""

    def __init__(self, units, leak=0.0, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.leak = leak
        self.state_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="uniform", name="kernel"
        )
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, self.units), initializer="uniform", name="recurrent_kernel"
        )

    def call(self, inputs, states):
        previous = states[0]
        new = ops.tanh(
            ops.matmul(inputs, self.kernel) + ops.matmul(previous, self.recurrent_kernel)
        )
        output = self.leak * previous + (1 - self.leak) * new
        return output, [output]

    def get_config(self):
        return {**super().get_config(), "units": self.units, "leak": self.leak}


rng = np.random.default_rng(37)
x = rng.normal(size=(96, 9, 3)).astype("float32")
y = x.max(axis=1).sum(axis=1, keepdims=True)

model = keras.Sequential(
    [
        keras.Input((None, 3)),
        layers.RNN([MinimalRNNCell(10, leak=0.3), MinimalRNNCell(6)], return_sequences=True),
        layers.RNN(layers.LSTMCell(5)),
        layers.Dense(1),
    ]
)
model.compile("adam", "mse")
model.summary()
model.fit(x, y, batch_size=32, epochs=3, verbose=2)

plain = layers.RNN(MinimalRNNCell(4), return_state=True)
built_in = layers.SimpleRNN(4, use_bias=False)
output, state = plain(x)
built_in.build(x.shape)
built_in.set_weights(plain.get_weights())
print("a leak of 0 is a SimpleRNN:", bool(np.allclose(output, built_in(x), atol=1e-5)))

again = keras.models.model_from_json(model.to_json())
again.set_weights(model.get_weights())
before, after = model.predict(x[:5], verbose=0), again.predict(x[:5], verbose=0)
print("rebuilt from JSON:", bool(np.allclose(before, after, atol=1e-6)))
