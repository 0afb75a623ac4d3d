"""Two sentences through one masked LSTM, and the distance between their ends."""

import keras
import numpy as np
from keras import layers, ops, regularizers


# two sentences, one encoder, a distance: every weight shared
def exponent_neg_manhattan_distance(left, right):
    return ops.exp(-ops.sum(ops.abs(left - right), axis=1, keepdims=True))


left_in = keras.Input((None,), dtype="int32", name="left")
right_in = keras.Input((None,), dtype="int32", name="right")
emb = layers.Embedding(30, 5, mask_zero=True)
enc = layers.LSTM(6, kernel_regularizer=regularizers.L1L2(1e-4, 1e-4), kernel_constraint="max_norm")
left, right = enc(emb(left_in)), enc(emb(right_in))
d = layers.Lambda(lambda x: exponent_neg_manhattan_distance(x[0], x[1]), output_shape=(1,))(
    [left, right]
)
model = keras.Model([left_in, right_in], d)
opt = keras.optimizers.Adadelta(learning_rate=1.0, clipnorm=1.25)
model.compile(loss="mean_squared_error", optimizer=opt, metrics=["mse", "cosine_similarity"])
rs = np.random.RandomState(5)
A = keras.utils.pad_sequences(
    [rs.randint(1, 30, rs.randint(2, 8)) for _ in range(24)], padding="post"
)
B = keras.utils.pad_sequences(
    [rs.randint(1, 30, rs.randint(2, 8)) for _ in range(24)], padding="pre"
)
y = rs.rand(24, 1)
h = model.fit([A, B], y, batch_size=8, epochs=2, verbose=0, sample_weight=np.linspace(0.5, 1.5, 24))
h2 = model.fit({"left": A, "right": B}, y, batch_size=8, epochs=1, verbose=0)
print(sorted(h.history), model.count_params())
print(keras.ops.shape(model([A[:2], B[:2]])))
