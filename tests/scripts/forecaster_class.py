"""A subclassed model that feeds its own forecasts to a cell, one step after the other."""

import keras
import numpy as np
from keras import layers, ops


class Encoder(layers.Layer):
    def __init__(self, units, **kw):
        super().__init__(**kw)
        self.units = units
        self.rnn = layers.GRU(units, return_sequences=True, return_state=True)

    def call(self, x):
        out, state = self.rnn(x)
        return out, state

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class Forecaster(keras.Model):
    def __init__(self, units, horizon):
        super().__init__()
        self.horizon = horizon
        self.encoder = Encoder(units)
        self.cell = layers.GRUCell(units)
        self.head = layers.Dense(1)
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.mae = keras.metrics.MeanAbsoluteError(name="mae")

    def call(self, inputs, training=None):
        _, state = self.encoder(inputs)
        step = inputs[:, -1]
        outs = []
        for _ in range(self.horizon):
            h, [state] = self.cell(step, [state], training=training)
            step = self.head(h)
            outs.append(step)
        return ops.stack(outs, axis=1)

    @property
    def metricss(self):
        return [self.loss_tracker, self.mae]

    def unused_step(self, data):
        x, y = data
        y_pred = self(x, training=False)
        self.loss_tracker.update_state(self.compute_loss(x=x, y=y, y_pred=y_pred))
        self.mae.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


t = np.arange(200) / 5
s = np.sin(t).astype("float32")
X = np.stack([s[i : i + 10] for i in range(150)])[..., None]
Y = np.stack([s[i + 10 : i + 13] for i in range(150)])[..., None]
model = Forecaster(8, 3)
model.compile(optimizer=keras.optimizers.AdamW(1e-2), loss=keras.losses.MeanSquaredError())
r0 = model.evaluate(X[:32], Y[:32], verbose=0)
pred = model.predict(X[:4], verbose=0)
print(pred.shape, [w.shape for w in model.weights])
print(len(model.layers), model.layers[0].get_config()["units"])
