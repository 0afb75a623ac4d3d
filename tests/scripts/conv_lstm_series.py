"""A forecast of hourly demand: days of hours go through ConvLSTM1D, and the ConvLSTM2D of old."""

import numpy as np
from tensorflow.keras.layers import (
    BatchNormalization,
    ConvLSTM1D,
    ConvLSTM2D,
    Dense,
    Dropout,
    Flatten,
    RepeatVector,
    TimeDistributed,
)
from tensorflow.keras.models import Sequential

DAYS, HOURS, FEATURES = 4, 24, 2

random = np.random.default_rng(4)
hours = np.arange(24 * 60)
demand = 3 + np.sin(2 * np.pi * hours / 24) + 0.3 * np.sin(2 * np.pi * hours / 168)
demand += random.normal(0, 0.1, hours.size)
warmth = np.cos(2 * np.pi * (hours - 4) / 24) + random.normal(0, 0.1, hours.size)
table = np.stack([demand, warmth], axis=1).astype("float32")
table = (table - table.mean(0)) / table.std(0)


def split(series, n_days):
    X, y = [], []
    for start in range(0, len(series) - 24 * (n_days + 1) + 1, 24):
        end = start + 24 * n_days
        X.append(series[start:end].reshape(n_days, HOURS, FEATURES))
        y.append(series[end : end + 24, 0])
    return np.array(X), np.array(y)


X, y = split(table, DAYS)
print(X.shape, y.shape)

model = Sequential()
model.add(
    ConvLSTM1D(
        filters=8,
        kernel_size=5,
        padding="same",
        activation="tanh",
        return_sequences=True,
        input_shape=(DAYS, HOURS, FEATURES),
    )
)
model.add(BatchNormalization())
model.add(ConvLSTM1D(filters=4, kernel_size=3, strides=2, dropout=0.0, recurrent_dropout=0.0))
model.add(Dropout(0.2))
model.add(Flatten())
model.add(Dense(24))
model.compile(loss="mse", optimizer="adam", metrics=["mae"])
model.summary()
history = model.fit(X, y, epochs=4, batch_size=8, verbose=2, validation_split=0.2)
forecast = model.predict(X[-1:], verbose=0)

# Encoder and decoder, a day as a picture of one row.
pictures = X.reshape((len(X), DAYS, 1, HOURS, FEATURES))
encoder = Sequential(
    [
        ConvLSTM2D(16, (1, 3), activation="relu", input_shape=(DAYS, 1, HOURS, FEATURES)),
        Flatten(),
        RepeatVector(24),
        TimeDistributed(Dense(8, activation="relu")),
        TimeDistributed(Dense(1)),
    ]
)
encoder.compile(loss="mae", optimizer="rmsprop")
encoder.summary()
encoder.fit(pictures, y[..., np.newaxis], epochs=2, batch_size=16, verbose=0)
score = encoder.evaluate(pictures, y[..., np.newaxis], verbose=0)
print(f"MAE: {score:.3f}")
