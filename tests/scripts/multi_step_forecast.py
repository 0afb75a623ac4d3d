"""Six hours ahead from two days of two sensors: encoder, RepeatVector, decoder."""

import numpy as np
from keras import Sequential
from keras.layers import LSTM, Dense, Input, RepeatVector, TimeDistributed

rng = np.random.default_rng(17)
hours = np.arange(400)
temperature = 15 + 6 * np.sin(2 * np.pi * hours / 24) + rng.normal(0, 0.5, 400)
pressure = 1010 + np.cumsum(rng.normal(0, 0.3, 400))
series = np.column_stack([temperature, pressure])

train_size = int(len(series) * 0.7)
mean, std = series[:train_size].mean(axis=0), series[:train_size].std(axis=0)
series = (series - mean) / std

n_in, n_out = 48, 6


def split_sequence(data, start, end):
    X, y = [], []
    for i in range(start, end - n_in - n_out + 1):
        X.append(data[i : i + n_in])
        y.append(data[i + n_in : i + n_in + n_out, :1])
    return np.array(X), np.array(y)


X_train, y_train = split_sequence(series, 0, train_size)
X_test, y_test = split_sequence(series, train_size, len(series))
print(X_train.shape, y_train.shape, X_test.shape, y_test.shape)

model = Sequential(
    [
        Input((n_in, 2)),
        LSTM(16, activation="tanh"),
        RepeatVector(n_out),
        LSTM(16, return_sequences=True),
        TimeDistributed(Dense(8, activation="relu")),
        TimeDistributed(Dense(1)),
    ]
)
model.compile(optimizer="adam", loss="mse", metrics=["root_mean_squared_error"])
model.summary()
model.fit(X_train, y_train, epochs=3, batch_size=32, verbose=2)

yhat = model.predict(X_test, verbose=0)
errors = np.sqrt(np.mean((yhat - y_test) ** 2, axis=(0, 2))) * std[0]
for step, error in enumerate(errors, start=1):
    print(f"RMSE {step} hours ahead: {error:.2f} degrees")
