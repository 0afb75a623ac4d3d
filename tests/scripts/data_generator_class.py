"""A Sequence that loads batches, Masking, class weights, several metrics."""

import math

import numpy as np
from tensorflow.keras.layers import LSTM, Dense, Input, Masking
from tensorflow.keras.models import Sequential
from tensorflow.keras.utils import Sequence, to_categorical


class DataGenerator(Sequence):
    "Generates data for Keras"

    def __init__(self, list_IDs, labels, batch_size=8, dim=(7, 3), n_classes=3, shuffle=True):
        super().__init__()
        self.dim, self.batch_size, self.labels, self.list_IDs = dim, batch_size, labels, list_IDs
        self.n_classes, self.shuffle = n_classes, shuffle
        self.on_epoch_end()

    def __len__(self):
        return int(np.floor(len(self.list_IDs) / self.batch_size))

    def __getitem__(self, index):
        indexes = self.indexes[index * self.batch_size : (index + 1) * self.batch_size]
        X = np.empty((self.batch_size, *self.dim))
        y = np.empty((self.batch_size), dtype=int)
        for i, k in enumerate(indexes):
            rs = np.random.RandomState(k)
            n = rs.randint(2, self.dim[0])
            X[i] = -1.0
            X[i, :n] = rs.rand(n, self.dim[1])
            y[i] = self.labels[k]
        return X, to_categorical(y, num_classes=self.n_classes)

    def on_epoch_end(self):
        self.indexes = np.arange(len(self.list_IDs))


labels = {i: i % 3 for i in range(50)}
training_generator = DataGenerator(list(range(50)), labels, shuffle=False)
validation_generator = DataGenerator(list(range(20)), labels, batch_size=4)
model = Sequential(
    [Input(shape=(7, 3)), Masking(mask_value=-1.0), LSTM(5), Dense(3, activation="softmax")]
)
model.compile(
    loss="categorical_crossentropy",
    optimizer="sgd",
    metrics=["accuracy", "Precision", "Recall", "AUC"],
)
h = model.fit(
    training_generator,
    validation_data=validation_generator,
    epochs=2,
    verbose=0,
    class_weight={0: 1.0, 1: 2.0, 2: 0.5},
)
print(sorted(h.history))
r = model.evaluate(validation_generator, verbose=0)
print(len(r), model.predict(validation_generator, verbose=0).shape, math.ceil(50 / 8))
