"""Penalties, constraints, initializers and schedules; what is frozen stays as it is."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import constraints, initializers, layers, models, optimizers, regularizers

rng = np.random.default_rng(97)
x = rng.normal(size=(120, 8, 3)).astype("float32")
y = (x[:, :, 0] * x[:, :, 1]).sum(axis=1, keepdims=True)

model = models.Sequential(
    [
        layers.Input((8, 3)),
        layers.LSTM(
            10,
            kernel_regularizer=regularizers.l2(1e-3),
            recurrent_regularizer=regularizers.L1(1e-4),
            bias_regularizer=regularizers.L1L2(l1=0.0, l2=1e-4),
            kernel_constraint=constraints.MaxNorm(0.8),
            recurrent_initializer=initializers.Constant(0.05),
            unit_forget_bias=False,
            return_sequences=True,
        ),
        layers.GaussianNoise(0.0),
        layers.GRU(6, bias_constraint=constraints.NonNeg(), activity_regularizer="l2"),
        layers.Dense(1, kernel_constraint=constraints.UnitNorm(axis=0)),
    ]
)
schedule = optimizers.schedules.ExponentialDecay(0.05, decay_steps=4, decay_rate=0.8)
model.compile(
    optimizer=optimizers.SGD(schedule, momentum=0.5, nesterov=True, clipvalue=0.2), loss="mse"
)
print("penalty before training:", round(float(sum(float(p) for p in model.losses)), 4))
history = model.fit(x, y, batch_size=24, epochs=3, verbose=2)

kernel = model.layers[0].get_weights()[0]
norms = np.linalg.norm(kernel, axis=0)
print("columns no longer than 0.8:", bool(norms.max() <= 0.8 + 1e-5), norms.round(3)[:4])
print("biases not negative:", bool(model.layers[2].get_weights()[2].min() >= 0))
print("length of the readout:", np.linalg.norm(model.layers[-1].get_weights()[0]).round(4))
rates = [float(schedule(step)) for step in (0, 4, 8)]
print("learning rates:", np.round(rates, 4))

frozen = [weights.copy() for weights in model.layers[0].get_weights()]
model.layers[0].trainable = False
model.compile(optimizer=tf.keras.optimizers.Adagrad(0.05), loss="mae")
model.summary()
model.fit(x, y, batch_size=24, epochs=2, verbose=0)
now = model.layers[0].get_weights()
same = [np.array_equal(a, b) for a, b in zip(frozen, now, strict=True)]
print("frozen:", all(same))
