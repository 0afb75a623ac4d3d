"""A generator that never ends, windows with steps and delay, and a TimeseriesGenerator."""

import numpy as np
from tensorflow.keras.layers import GRU, Dense
from tensorflow.keras.models import Sequential
from tensorflow.keras.optimizers import RMSprop
from tensorflow.keras.preprocessing.sequence import TimeseriesGenerator

float_data = np.random.RandomState(0).normal(size=(400, 4)).cumsum(axis=0)
mean = float_data[:300].mean(axis=0)
float_data -= mean
std = float_data[:300].std(axis=0)
float_data /= std


def generator(data, lookback, delay, min_index, max_index, shuffle=False, batch_size=32, step=6):
    if max_index is None:
        max_index = len(data) - delay - 1
    i = min_index + lookback
    while 1:
        if i + batch_size >= max_index:
            i = min_index + lookback
        rows = np.arange(i, min(i + batch_size, max_index))
        i += len(rows)
        samples = np.zeros((len(rows), lookback // step, data.shape[-1]))
        targets = np.zeros((len(rows),))
        for j, _row in enumerate(rows):
            indices = range(rows[j] - lookback, rows[j], step)
            samples[j] = data[indices]
            targets[j] = data[rows[j] + delay][1]
        yield samples, targets


lookback, step, delay, batch_size = 24, 6, 4, 16
train_gen = generator(float_data, lookback, delay, 0, 200, step=step, batch_size=batch_size)
val_gen = generator(float_data, lookback, delay, 201, 300, step=step, batch_size=batch_size)
model = Sequential()
model.add(GRU(8, dropout=0.0, recurrent_dropout=0.0, input_shape=(None, float_data.shape[-1])))
model.add(Dense(1))
model.compile(optimizer=RMSprop(), loss="mae")
history = model.fit(
    train_gen, steps_per_epoch=5, epochs=2, validation_data=val_gen, validation_steps=3, verbose=2
)
ts = TimeseriesGenerator(
    float_data, float_data[:, 1], length=8, sampling_rate=2, stride=3, batch_size=10
)
print(len(ts), ts[0][0].shape, ts[0][1].shape)
h2 = model.fit(ts, epochs=1, verbose=0)
print(model.predict(ts, verbose=0).shape)
print(model.evaluate(ts, verbose=0, steps=3) > 0)
del train_gen, val_gen
