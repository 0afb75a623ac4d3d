"""Quantiles by closures, metrics in the style of Keras 2, a metric of metrics, focal loss."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import backend as K

rs = np.random.RandomState(22)
x = rs.randn(40, 7, 2).astype("float32")
y = x.sum((1, 2))


def build(outputs=1, activation=None):
    return keras.Sequential(
        [
            keras.Input((7, 2)),
            keras.layers.LSTM(5),
            keras.layers.Dense(outputs, activation=activation),
        ]
    )


def pinball(q):
    def loss(y_true, y_pred):
        error = y_true - y_pred
        return K.mean(K.maximum(q * error, (q - 1) * error), axis=-1)

    return loss


def rmse(y_true, y_pred):
    return K.sqrt(K.mean(K.square(y_pred - y_true)))


def explained(y_true, y_pred):
    left, whole = K.sum(K.square(y_true - y_pred)), K.sum(K.square(y_true - K.mean(y_true)))
    return 1 - left / (whole + K.epsilon())


logs = {}
for q in (0.1, 0.5, 0.9):
    model = build()
    model.compile(loss=pinball(q), optimizer="adam", metrics=[rmse, explained, "mape"])
    logs[str(q)] = model.fit(x, y, epochs=2, batch_size=10, verbose=0).history
    print(q, sorted(logs[str(q)]))

model = build()
model.compile(
    loss=lambda y_true, y_pred: pinball(0.7)(y_true, y_pred),
    optimizer=keras.optimizers.Nadam(0.01),
    run_eagerly=True,
)
model.fit(x, y, epochs=2, verbose=0)


class F1(keras.metrics.Metric):
    def __init__(self, name="f1", **kwargs):
        super().__init__(name=name, **kwargs)
        self.precision, self.recall = keras.metrics.Precision(), keras.metrics.Recall()

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.precision.update_state(y_true, y_pred, sample_weight)
        self.recall.update_state(y_true, y_pred, sample_weight)

    def result(self):
        p, r = self.precision.result(), self.recall.result()
        return 2 * p * r / (p + r + 1e-7)

    def reset_state(self):
        self.precision.reset_state()
        self.recall.reset_state()


def focal(gamma=2.0, alpha=0.25):
    def loss(y_true, y_pred):
        y_true = tf.cast(y_true, tf.float32)
        right = tf.where(tf.equal(y_true, 1), y_pred, 1 - y_pred)
        right = K.clip(right, 1e-7, 1 - 1e-7)
        return -K.mean(alpha * K.pow(1.0 - right, gamma) * K.log(right))

    return loss


rises = (y > 0).astype(int)
model = build(1, "sigmoid")
model.compile(
    loss=focal(),
    optimizer=keras.optimizers.Adam(learning_rate=1e-2, beta_1=0.9, clipvalue=0.5),
    metrics=[F1(), "AUC", keras.metrics.BinaryAccuracy(name="low", threshold=0.4)],
)
weights = {0: 1.0, 1: 2.5}
model.fit(x, rises, epochs=3, batch_size=8, class_weight=weights, validation_split=0.2, verbose=2)

thirds = rs.randint(0, 3, (40, 1))
model = build(3, "softmax")
model.compile(
    loss=keras.losses.SparseCategoricalCrossentropy(),
    optimizer="adagrad",
    metrics=[keras.metrics.SparseTopKCategoricalAccuracy(k=2), "sparse_categorical_accuracy"],
)
model.fit(x, thirds, epochs=2, validation_data=(x, thirds.ravel()), verbose=0)
print(f"huber {keras.losses.Huber(delta=0.5)(np.array([[0.0, 1.0]]), np.array([[0.6, 0.4]])):.4f}")
