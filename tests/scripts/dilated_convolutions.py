"""Gated, dilated, causal convolutions with skip connections, forecasting step by step."""

import keras
import numpy as np
from keras import layers as L


def residual_block(x, filters, rate):
    f = L.Conv1D(filters, 2, dilation_rate=rate, padding="causal", activation="tanh")(x)
    g = L.Conv1D(filters, 2, dilation_rate=rate, padding="causal", activation="sigmoid")(x)
    z = L.Multiply()([f, g])
    z = L.Conv1D(filters, 1)(z)
    return L.Add()([x, z]), z


inp = L.Input(shape=(None, 1))
x = L.Conv1D(6, 1, padding="same")(inp)
skips = []
for r in (1, 2, 4):
    x, s = residual_block(x, 6, r)
    skips.append(s)
out = L.Activation("relu")(L.Add()(skips))
out = L.Dropout(0.2)(out)
out = L.Conv1D(4, 1)(out)
out = L.Conv1D(1, 1)(out)
pred = L.Lambda(lambda x, n: x[:, -n:, :], arguments={"n": 3}, output_shape=(3, 1))(out)
model = keras.Model(inp, pred)
model.compile(keras.optimizers.Adam(), loss="mean_absolute_error")
model.summary()
t = np.arange(60) / 4.0
X = np.stack([np.sin(t[i : i + 20]) for i in range(30)])[..., None]
Y = np.stack([np.sin(t[i + 20 : i + 23]) for i in range(30)])[..., None]
h = model.fit(X, Y, batch_size=10, epochs=2, validation_split=0.2, verbose=0)
hist = X[:1].copy()
for _ in range(3):
    hist = np.concatenate([hist, model.predict(hist, verbose=0)[:, :1]], axis=1)
print(hist.shape)
