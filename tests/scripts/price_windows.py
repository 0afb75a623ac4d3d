"""Tomorrow's price from the last fifty: min-max scaling, windows, stacked LSTM with dropout."""

import numpy as np
from tensorflow.keras.layers import LSTM, Dense, Dropout
from tensorflow.keras.models import Sequential

rng = np.random.default_rng(42)
prices = 20 + np.cumsum(rng.normal(0, 0.4, 260)) + 3 * np.sin(np.arange(260) / 15)
prices = prices.reshape(-1, 1)

split = int(len(prices) * 0.8)
lowest, highest = prices[:split].min(), prices[:split].max()
scaled = (prices - lowest) / (highest - lowest)

time_step = 50


def create_dataset(data, look_back):
    inputs, targets = [], []
    for i in range(look_back, len(data)):
        inputs.append(data[i - look_back : i, 0])
        targets.append(data[i, 0])
    return np.array(inputs), np.array(targets)


X_train, y_train = create_dataset(scaled[:split], time_step)
X_test, y_test = create_dataset(scaled[split - time_step :], time_step)
X_train = np.reshape(X_train, (X_train.shape[0], X_train.shape[1], 1))
X_test = np.reshape(X_test, (X_test.shape[0], X_test.shape[1], 1))
print(X_train.shape, y_train.shape, X_test.shape, y_test.shape)

model = Sequential()
model.add(LSTM(units=12, return_sequences=True, input_shape=(X_train.shape[1], 1)))
model.add(Dropout(0.2))
model.add(LSTM(units=12, return_sequences=False))
model.add(Dropout(0.2))
model.add(Dense(units=6))
model.add(Dense(units=1))
model.compile(optimizer="adam", loss="mean_squared_error", metrics=["mae"])
model.summary()

history = model.fit(X_train, y_train, epochs=3, batch_size=32, verbose=2)

predictions = model.predict(X_test, verbose=0)
predictions = predictions * (highest - lowest) + lowest
truth = prices[split:]

mse = np.mean((predictions - truth) ** 2)
mae = np.mean(np.abs(predictions - truth))
naive = np.mean(np.abs(np.diff(prices[split - 1 :], axis=0)))
print(f"MSE {mse:.3f}  MAE {mae:.3f}  MAE of yesterday's price {naive:.3f}")
