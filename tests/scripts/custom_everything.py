"""A loss, metric, constraint, regularizer, initializer, activation and schedule by hand."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable()
def swish10(x):
    return x * ops.sigmoid(10 * x)


@keras.saving.register_keras_serializable()
class Pinball(keras.losses.Loss):
    def __init__(self, q=0.5, name="pinball", reduction="sum_over_batch_size"):
        super().__init__(name=name, reduction=reduction)
        self.q = q

    def call(self, y_true, y_pred):
        e = y_true - y_pred
        return ops.mean(ops.maximum(self.q * e, (self.q - 1) * e), axis=-1)

    def get_config(self):
        return {**super().get_config(), "q": self.q}


class Coverage(keras.metrics.Metric):
    def __init__(self, name="coverage", **kw):
        super().__init__(name=name, **kw)
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.n = self.add_weight(name="n", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.hits.assign_add(ops.sum(ops.cast(y_true <= y_pred, "float32")))
        self.n.assign_add(ops.cast(ops.size(y_true), "float32"))

    def result(self):
        return self.hits / self.n

    def reset_state(self):
        self.hits.assign(0.0)
        self.n.assign(0.0)


class Clip(keras.constraints.Constraint):
    def __init__(self, v):
        self.v = v

    def __call__(self, w):
        return ops.clip(w, -self.v, self.v)

    def get_config(self):
        return {"v": self.v}


class Reg(keras.regularizers.Regularizer):
    def __init__(self, s=1e-3):
        self.s = s

    def __call__(self, x):
        return self.s * ops.sum(ops.abs(x))


class Init(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None, **kw):
        return ops.ones(shape, dtype=dtype) * 0.1


class Sched(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, d):
        self.d = float(d)

    def __call__(self, step):
        step = ops.cast(step, "float32")
        return ops.rsqrt(ops.maximum(self.d, 1.0)) * ops.minimum(
            ops.rsqrt(step + 1), (step + 1) * 1e-2
        )

    def get_config(self):
        return {"d": self.d}


m = keras.Sequential(
    [
        keras.Input((5, 2)),
        keras.layers.LSTM(
            4,
            activation=swish10,
            kernel_constraint=Clip(0.5),
            kernel_initializer=Init(),
            bias_regularizer=Reg(),
        ),
        keras.layers.Dense(1),
    ]
)
m.compile(
    keras.optimizers.SGD(Sched(16), momentum=0.9, nesterov=True), Pinball(0.9), metrics=[Coverage()]
)
x = np.random.RandomState(1).normal(size=(32, 5, 2))
y = x.sum((1, 2))[:, None]
h = m.fit(x, y, epochs=3, batch_size=8, verbose=0)
print(sorted(h.history), float(ops.max(ops.abs(m.layers[0].cell.kernel))) <= 0.5)
