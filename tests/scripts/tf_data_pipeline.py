"""Windows of a series by tf.data: window, flat_map, map, batch, prefetch."""

import numpy as np
import tensorflow as tf

split_time = 300
window_size = 20
batch_size = 32
time = np.arange(400, dtype="float32")
rng = np.random.default_rng(47)
season = np.where(time % 50 < 20, np.cos(time % 50 / 20 * 2 * np.pi), np.exp(-(time % 50) / 20))
series = (10 + 0.02 * time + 5 * season + rng.normal(0, 0.5, 400)).astype("float32")
x_train, x_valid = series[:split_time], series[split_time:]


def windowed_dataset(values, window_size, batch_size):
    dataset = tf.data.Dataset.from_tensor_slices(values)
    dataset = dataset.window(window_size + 1, shift=1, drop_remainder=True)
    dataset = dataset.flat_map(lambda window: window.batch(window_size + 1))
    dataset = dataset.map(lambda window: (window[:-1], window[-1]))
    return dataset.batch(batch_size).prefetch(tf.data.AUTOTUNE)


train_set = windowed_dataset(x_train, window_size, batch_size)
valid_set = windowed_dataset(x_valid, window_size, batch_size)
for inputs, targets in train_set.take(1):
    print("inputs", inputs.shape, "targets", targets.shape)

model = tf.keras.models.Sequential(
    [
        tf.keras.layers.Input((window_size,)),
        tf.keras.layers.Lambda(lambda x: tf.expand_dims(x, axis=-1) / 20.0),
        tf.keras.layers.Bidirectional(tf.keras.layers.LSTM(8, return_sequences=True)),
        tf.keras.layers.Bidirectional(tf.keras.layers.LSTM(8)),
        tf.keras.layers.Dense(1),
        tf.keras.layers.Lambda(lambda x: x * 20.0),
    ]
)
model.compile(
    loss=tf.keras.losses.Huber(),
    optimizer=tf.keras.optimizers.SGD(learning_rate=1e-3, momentum=0.9),
    metrics=["mae"],
)
model.summary()
history = model.fit(train_set, epochs=3, validation_data=valid_set, verbose=2)

forecast = []
for start in range(0, 60, 20):
    forecast.append(float(model.predict(series[start : start + 20][None], verbose=0)[0, 0]))
results = model.predict(valid_set, verbose=0).squeeze()
valid_mae = tf.reduce_mean(tf.abs(results - x_valid[window_size:])).numpy()
print(f"forecasts {np.round(forecast, 2)}, error {valid_mae:.3f}")
