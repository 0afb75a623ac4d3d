"""Data that comes in batches: a Sequence with two ends, and an endless generator."""

import math

import numpy as np
from tensorflow.keras.layers import LSTM, Dense, Masking
from tensorflow.keras.models import Sequential
from tensorflow.keras.utils import Sequence


class BucketedSequences(Sequence):
    """Batches of rows of one length each, cut from lists of different lengths."""

    def __init__(self, rows, labels, batch_size, **kwargs):
        super().__init__(**kwargs)
        order = np.argsort([len(row) for row in rows], kind="stable")
        self.rows = [rows[i] for i in order]
        self.labels = labels[order]
        self.batch_size = batch_size
        self.ended = 0

    def __len__(self):
        return math.ceil(len(self.rows) / self.batch_size)

    def __getitem__(self, index):
        part = slice(index * self.batch_size, (index + 1) * self.batch_size)
        rows = self.rows[part]
        batch = np.full((len(rows), max(map(len, rows)), 2), -1.0)
        for i, row in enumerate(rows):
            batch[i, : len(row)] = row
        return batch, self.labels[part]

    def on_epoch_end(self):
        self.ended += 1


rng = np.random.default_rng(53)
rows = [rng.uniform(0, 1, (rng.integers(4, 14), 2)) for _ in range(100)]
labels = np.array([row[:, 0].mean() > row[:, 1].mean() for row in rows]).astype("float32")
train = BucketedSequences(rows[:80], labels[:80], 16)
held_out = BucketedSequences(rows[80:], labels[80:], 16)

model = Sequential()
model.add(Masking(mask_value=-1.0, input_shape=(None, 2)))
model.add(LSTM(10))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
history = model.fit(train, epochs=3, validation_data=held_out, verbose=2)
print("told of every epoch:", train.ended >= 3, "batches:", len(train))


def endless(batch_size):
    while True:
        batch = rng.uniform(0, 1, (batch_size, 6, 2))
        yield batch, (batch[:, :, 0].mean(axis=1) > batch[:, :, 1].mean(axis=1)).astype("float32")


more = model.fit(endless(8), steps_per_epoch=5, epochs=2, verbose=0)
scores = model.evaluate(endless(8), steps=4, verbose=0)
predicted = model.predict(held_out, verbose=0)
print(predicted.shape, [round(score, 3) for score in scores])
on_one = [float(value) for value in model.train_on_batch(*train[0])]
