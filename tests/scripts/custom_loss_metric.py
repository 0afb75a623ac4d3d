"""Losses and metrics of one's own: a function, a class, a closure, and a penalty in the model."""

import keras
import numpy as np
from keras import layers, ops


def quantile_loss(q):
    def loss(y_true, y_pred):
        error = y_true - y_pred
        return ops.mean(ops.maximum(q * error, (q - 1) * error), axis=-1)

    return loss


class WeightedMSE(keras.losses.Loss):
    """Squared errors; those below the truth count double."""

    def __init__(self, factor=2.0, name="weighted_mse"):
        super().__init__(name=name)
        self.factor = factor

    def call(self, y_true, y_pred):
        error = y_pred - y_true
        weight = ops.where(error < 0, self.factor, 1.0)
        return ops.mean(weight * ops.square(error), axis=-1)


class RightDirection(keras.metrics.Metric):
    """How often the sign of the forecast is right."""

    def __init__(self, name="direction", **kwargs):
        super().__init__(name=name, **kwargs)
        self.right = self.add_weight(name="right", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        same = ops.cast(ops.equal(ops.sign(y_true), ops.sign(y_pred)), "float32")
        self.right.assign_add(ops.sum(same))
        self.count.assign_add(ops.cast(ops.size(same), "float32"))

    def result(self):
        return self.right / self.count


def coverage(y_true, y_pred):
    return ops.mean(ops.cast(y_true <= y_pred, "float32"))


rng = np.random.default_rng(71)
x = np.cumsum(rng.normal(size=(160, 12, 1)), axis=1).astype("float32")
y = (x[:, -1] - x[:, -3] + rng.normal(0, 0.5, (160, 1))).astype("float32")

losses = {}
for name, loss in {
    "q10": quantile_loss(0.1),
    "q90": quantile_loss(0.9),
    "weighted": WeightedMSE(3.0),
    "log_cosh": "log_cosh",
    "huber": keras.losses.Huber(delta=0.5),
}.items():
    inputs = keras.Input((12, 1))
    outputs = layers.Dense(1)(layers.SimpleRNN(8)(inputs))
    model = keras.Model(inputs, outputs, name=name)
    model.compile(optimizer="nadam", loss=loss, metrics=[RightDirection(), coverage])
    history = model.fit(x, y, epochs=2, batch_size=40, verbose=2)
    losses[name] = history.history["loss"]
