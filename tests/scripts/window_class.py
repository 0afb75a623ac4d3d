"""A class that cuts windows out of tables; baselines, a residual model, one that feeds itself."""

import numpy as np
import tensorflow as tf

hours = np.arange(300)
rs = np.random.RandomState(3)
table = np.stack([np.sin(hours / 9), np.cos(hours / 9), 0.1 * rs.randn(300).cumsum()], 1)
cut = 210
table = ((table - table[:cut].mean(0)) / table[:cut].std(0)).astype("float32")


class Windows:
    def __init__(self, width, ahead, target=None):
        self.width, self.ahead, self.target = width, ahead, target
        self.inputs, self.labels = slice(0, width), slice(width, None)

    def divide(self, rows):
        x, y = rows[:, self.inputs, :], rows[:, self.labels, :]
        if self.target is not None:
            y = tf.stack([y[:, :, self.target]], axis=-1)
        x.set_shape([None, self.width, None])
        y.set_shape([None, self.ahead, None])
        return x, y

    def over(self, rows):
        windows = tf.keras.utils.timeseries_dataset_from_array(
            rows, None, sequence_length=self.width + self.ahead, batch_size=32
        )
        return windows.map(self.divide)

    @property
    def train(self):
        return self.over(table[:cut])

    @property
    def val(self):
        return self.over(table[cut:])


class Last(tf.keras.Model):
    def __init__(self, repeats):
        super().__init__()
        self.repeats = repeats

    def call(self, inputs):
        return tf.tile(inputs[:, -1:, :], [1, self.repeats, 1])


class Residual(tf.keras.Model):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, inputs, *args, **kwargs):
        return inputs[:, -1:, :] + self.inner(inputs, *args, **kwargs)


class FeedsItself(tf.keras.Model):
    def __init__(self, units, steps):
        super().__init__()
        self.steps = steps
        self.cell = tf.keras.layers.LSTMCell(units)
        self.reader = tf.keras.layers.RNN(self.cell, return_state=True)
        self.head = tf.keras.layers.Dense(3)

    def call(self, inputs, training=None):
        read, *state = self.reader(inputs)
        guesses = [self.head(read)]
        for _ in range(self.steps - 1):
            read, state = self.cell(guesses[-1], states=state, training=training)
            guesses.append(self.head(read))
        return tf.transpose(tf.stack(guesses), [1, 0, 2])


def compiled(model):
    model.compile("adam", tf.keras.losses.MeanSquaredError(), metrics=["mae"])
    return model


results = {}
one, several = Windows(12, 1), Windows(12, 6)
x, y = next(iter(Windows(12, 1, target=0).train))
print("inputs", x.shape, "labels", y.shape, "batches", len(one.train), len(one.val))
results["last"] = compiled(Last(1)).evaluate(one.val, return_dict=True, verbose=0)

network = compiled(
    Residual(
        tf.keras.Sequential(
            [
                tf.keras.layers.LSTM(6),
                tf.keras.layers.Dense(3, kernel_initializer=tf.initializers.zeros()),
                tf.keras.layers.Reshape([1, 3]),
            ]
        )
    )
)
stop = tf.keras.callbacks.EarlyStopping("val_loss", patience=1, mode="min")
network.fit(one.train, epochs=2, validation_data=one.val, callbacks=[stop], verbose=0)
results["residual"] = network.evaluate(one.val, return_dict=True, verbose=0)

network = compiled(FeedsItself(6, 6))
print("forecast", network(next(iter(several.train))[0]).shape)
network.fit(several.train, epochs=2, validation_data=several.val, verbose=0)
results["feeds itself"] = network.evaluate(several.val, return_dict=True, verbose=0)
for name, values in results.items():
    print(f"{name:12s}: {values['mae']:.3f}")
del network, x, y
