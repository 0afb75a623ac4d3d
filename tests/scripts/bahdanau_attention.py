"""Additive attention as a layer of one's own, pooling a GRU's states; beside the built-in one."""

import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import GRU, AdditiveAttention, Dense, Embedding, Input, Layer
from tensorflow.keras.models import Model


class BahdanauAttention(Layer):
    """Scores every step by v tanh(W1 step + W2 query)."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.W1 = Dense(units)
        self.W2 = Dense(units)
        self.V = Dense(1)

    def call(self, query, values):
        query_with_time_axis = tf.expand_dims(query, 1)
        score = self.V(tf.nn.tanh(self.W1(query_with_time_axis) + self.W2(values)))
        attention_weights = tf.nn.softmax(score, axis=1)
        context_vector = tf.reduce_sum(attention_weights * values, axis=1)
        return context_vector, attention_weights

    def get_config(self):
        return {**super().get_config(), "units": self.units}


rng = np.random.default_rng(31)
x = rng.integers(0, 40, (160, 10))
y = np.array([[int(37 in row or 3 in row)] for row in x])

words = Input(shape=(10,))
sequence, state = GRU(12, return_sequences=True, return_state=True)(Embedding(40, 8)(words))
context, weights = BahdanauAttention(6, name="bahdanau")(state, sequence)
outputs = Dense(1, activation="sigmoid")(context)
model = Model(words, outputs)
model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
model.summary()
model.fit(x, y, epochs=3, batch_size=32, verbose=2)

attention_model = Model(words, weights)
attention = attention_model.predict(x[:3], verbose=0)[..., 0]
print("weights of one text:", attention[0].round(2), "sum", attention[0].sum().round(4))
config = model.get_layer("bahdanau").get_config()
print("config:", config["name"], config["units"])

query = tf.constant(rng.normal(size=(2, 3, 4)), dtype=tf.float32)
value = tf.constant(rng.normal(size=(2, 5, 4)), dtype=tf.float32)
pooled, built_in = AdditiveAttention(use_scale=False)([query, value], return_attention_scores=True)
by_hand = tf.nn.softmax(tf.reduce_sum(tf.tanh(query[:, :, None] + value[:, None]), axis=-1))
difference = float(tf.reduce_max(tf.abs(built_in - by_hand)))
print("the layer is the formula:", difference < 1e-6)
