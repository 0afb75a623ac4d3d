"""A subclassed model with a train_step of its own, its own metrics and gradients."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers


class Forecaster(keras.Model):
    """Reads a window and learns the next value, the steps after it counting less and less."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.memory = layers.GRU(units, return_sequences=True)
        self.readout = layers.Dense(1)
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.mae_metric = keras.metrics.MeanAbsoluteError(name="mae")

    def call(self, inputs, training=False):
        return self.readout(self.memory(inputs, training=training))

    @property
    def metrics(self):
        return [self.loss_tracker, self.mae_metric]

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = tf.reduce_mean(tf.square(y[:, -1] - y_pred[:, -1]))
            loss += 0.1 * tf.reduce_mean(tf.abs(y - y_pred))
        gradients = tape.gradient(loss, self.trainable_variables)
        gradients = [tf.clip_by_norm(gradient, 0.5) for gradient in gradients]
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        self.loss_tracker.update_state(loss)
        self.mae_metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}

    def test_step(self, data):
        x, y = data
        y_pred = self(x, training=False)
        self.loss_tracker.update_state(tf.reduce_mean(tf.square(y[:, -1] - y_pred[:, -1])))
        self.mae_metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


rng = np.random.default_rng(43)
waves = np.sin(np.arange(21) / 3 + rng.uniform(0, 6, (120, 1)))[..., None].astype("float32")
x, y = waves[:, :-1], waves[:, 1:]

model = Forecaster(12, name="forecaster")
model.compile(optimizer=keras.optimizers.Adam(0.01))
history = model.fit(x, y, batch_size=30, epochs=4, validation_data=(x[:20], y[:20]), verbose=2)
model.summary()
print("trainable variables:", len(model.trainable_variables))

loss, mae = model.evaluate(x, y, verbose=0)
print(f"loss {loss:.4f}, mae {mae:.4f}")
forecast = model.predict(x[:2], verbose=0)[:, -1, 0]
