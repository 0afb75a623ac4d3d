"""Cells of one's own in RNN, stacked, both ways, saved and read with custom_objects."""

import keras
import numpy as np
from keras import layers, ops
from keras.saving import custom_object_scope


class MinimalRNNCell(keras.layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="uniform", name="kernel"
        )
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, self.units), initializer="uniform", name="recurrent_kernel"
        )

    def call(self, inputs, states):
        prev_output = states[0]
        h = ops.matmul(inputs, self.kernel)
        output = h + ops.matmul(prev_output, self.recurrent_kernel)
        return output, [output]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


x = keras.Input((None, 5))
y = layers.RNN(MinimalRNNCell(8))(x)
cells = [MinimalRNNCell(6), MinimalRNNCell(4)]
z = layers.RNN(cells, return_sequences=True)(x)
z = layers.Bidirectional(layers.RNN(layers.GRUCell(3)))(z)
out = layers.Dense(1)(layers.concatenate([y, z]))
m = keras.Model(x, out)
m.compile("rmsprop", "mse")
m.summary()
X = np.random.RandomState(0).rand(20, 7, 5)
h = m.fit(X, X.sum((1, 2)), epochs=2, verbose=0)
m.save("cells.keras")
with custom_object_scope({"MinimalRNNCell": MinimalRNNCell}):
    m2 = keras.models.load_model("cells.keras")
m3 = keras.models.load_model("cells.keras", custom_objects={"MinimalRNNCell": MinimalRNNCell})
print(
    np.allclose(m.predict(X, verbose=0), m2.predict(X, verbose=0)),
    np.allclose(m.predict(X, verbose=0), m3.predict(X, verbose=0)),
)
s = layers.RNN([layers.LSTMCell(3), layers.LSTMCell(2)], return_state=True)
o = s(np.ones((2, 4, 3), "float32"))
print(len(o), [np.shape(v) for v in o[1:]])
