"""Layers of one's own, in the style of Keras 2: add_weight, K, compute_output_shape, Lambda."""

import numpy as np
from tensorflow.keras import backend as K
from tensorflow.keras.initializers import Constant
from tensorflow.keras.layers import LSTM, Dense, Embedding, Input, Lambda, Layer
from tensorflow.keras.models import Model
from tensorflow.keras.optimizers import SGD


class AttentionPooling(Layer):
    """A weighted mean over time with learnt weights, masked where the input is."""

    def __init__(self, **kwargs):
        self.supports_masking = True
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.W = self.add_weight(
            name="att_weight",
            shape=(input_shape[-1], 1),
            initializer="glorot_uniform",
            trainable=True,
        )
        self.b = self.add_weight(name="att_bias", shape=(1,), initializer=Constant(0.1))
        super().build(input_shape)

    def call(self, x, mask=None):
        scores = K.squeeze(K.tanh(K.dot(x, self.W) + self.b), axis=-1)
        weights = K.exp(scores)
        if mask is not None:
            weights = weights * K.cast(mask, K.floatx())
        weights = weights / (K.sum(weights, axis=1, keepdims=True) + K.epsilon())
        return K.sum(x * K.expand_dims(weights), axis=1)

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1])


rng = np.random.default_rng(41)
x = rng.integers(1, 30, (128, 12))
x[np.arange(12) >= rng.integers(3, 13, (128, 1))] = 0
y = (np.sum(x == 7, axis=1) + np.sum(x > 20, axis=1) > 3).astype(int)

inputs = Input(shape=(12,))
embedded = Embedding(30, 10, mask_zero=True)(inputs)
recurrent = LSTM(10, return_sequences=True)(embedded)
pooled = AttentionPooling(name="pooling")(recurrent)
scaled = Lambda(lambda t: t * 2.0, name="twice")(pooled)
outputs = Dense(1, activation="sigmoid")(scaled)

model = Model(inputs=inputs, outputs=outputs)
model.compile(
    loss="binary_crossentropy", optimizer=SGD(learning_rate=0.1, momentum=0.5), metrics=["acc"]
)
model.summary()
model.fit(x, y, epochs=3, batch_size=32, verbose=2)

bias = K.get_value(model.get_layer("pooling").b)
print(
    "attention bias:", bias.shape, "trainable:", len(model.get_layer("pooling").trainable_weights)
)
