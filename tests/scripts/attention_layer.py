"""A layer of attention over timesteps with regularizers and constraints of its own."""

import numpy as np
from keras import constraints, initializers, regularizers
from keras import ops as K
from keras.layers import LSTM, Bidirectional, Dense, Dropout, Embedding, Input, Layer
from keras.models import Model


class Attention(Layer):
    def __init__(
        self,
        step_dim,
        W_regularizer=None,
        b_regularizer=None,
        W_constraint=None,
        bias=True,
        **kwargs,
    ):
        self.supports_masking = True
        self.init = initializers.get("glorot_uniform")
        self.W_regularizer = regularizers.get(W_regularizer)
        self.b_regularizer = regularizers.get(b_regularizer)
        self.W_constraint = constraints.get(W_constraint)
        self.bias = bias
        self.step_dim = step_dim
        self.features_dim = 0
        super().__init__(**kwargs)

    def build(self, input_shape):
        assert len(input_shape) == 3
        self.W = self.add_weight(
            shape=(input_shape[-1], 1),
            initializer=self.init,
            name=f"{self.name}_W",
            regularizer=self.W_regularizer,
            constraint=self.W_constraint,
        )
        self.features_dim = input_shape[-1]
        if self.bias:
            self.b = self.add_weight(
                shape=(input_shape[1], 1),
                initializer="zeros",
                name=f"{self.name}_b",
                regularizer=self.b_regularizer,
            )
        self.built = True

    def compute_mask(self, input, input_mask=None):
        return None

    def call(self, x, mask=None):
        eij = K.tanh(K.matmul(x, self.W) + self.b)
        a = K.exp(eij)
        a = a / (K.sum(a, axis=1, keepdims=True) + 1e-7)
        return K.sum(x * a, axis=1)

    def compute_output_shape(self, input_shape):
        return input_shape[0], self.features_dim


inp = Input(shape=(12,), dtype="int32")
e = Embedding(50, 8)(inp)
sequence = Bidirectional(LSTM(6, return_sequences=True))(e)
a = Attention(12, W_regularizer=regularizers.l2(1e-4))(sequence)
d = Dropout(0.2)(Dense(16, activation="relu")(a))
out = Dense(3, activation="softmax")(d)
model = Model(inputs=inp, outputs=out)
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.summary()
X = np.random.RandomState(1).randint(1, 50, (40, 12))
Y = X[:, 0] % 3
hist = model.fit(X, Y, batch_size=16, epochs=2, verbose=2, validation_data=(X[:8], Y[:8]))
