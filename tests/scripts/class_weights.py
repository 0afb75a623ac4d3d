"""Rare events: class_weight, sample_weight, and metrics that are not fooled."""

import keras
import numpy as np
from keras import layers, metrics

rng = np.random.default_rng(59)
x = rng.normal(size=(300, 10, 2)).astype("float32")
y = (x[:, :, 0].max(axis=1) > 2.3).astype("float32")
x_train, y_train, x_test, y_test = x[:220], y[:220], x[220:], y[220:]
neg, pos = np.bincount(y_train.astype(int))
print(f"Examples: {len(y_train)}, positive: {pos} ({100 * pos / len(y_train):.1f}% of total)")


def make_model(output_bias=None):
    if output_bias is not None:
        output_bias = keras.initializers.Constant(output_bias)
    model = keras.Sequential(
        [
            layers.Input((10, 2)),
            layers.SimpleRNN(8, activation="relu"),
            layers.Dense(1, activation="sigmoid", bias_initializer=output_bias),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.01),
        loss=keras.losses.BinaryCrossentropy(),
        metrics=[
            metrics.TruePositives(name="tp"),
            metrics.FalsePositives(name="fp"),
            metrics.BinaryAccuracy(name="accuracy"),
            metrics.AUC(name="auc"),
            metrics.AUC(name="prc", curve="PR"),
        ],
        weighted_metrics=["mae"],
    )
    return model


plain = make_model(output_bias=np.log([pos / neg]))
results = plain.evaluate(x_train, y_train, verbose=0)
print(f"loss with the bias set: {results[0]:.4f}")
plain_history = plain.fit(x_train, y_train, batch_size=44, epochs=2, verbose=0)

total = len(y_train)
class_weight = {0: (1 / neg) * (total / 2.0), 1: (1 / pos) * (total / 2.0)}
print("weights:", {label: round(float(weight), 2) for label, weight in class_weight.items()})
weighted = make_model()
weighted_history = weighted.fit(
    x_train,
    y_train,
    batch_size=44,
    epochs=3,
    validation_data=(x_test, y_test),
    class_weight=class_weight,
    verbose=2,
)

newer_counts_more = np.linspace(0.1, 1, total)
sampled = make_model()
sampled.fit(x_train, y_train, batch_size=44, epochs=2, sample_weight=newer_counts_more, verbose=0)
figures = sampled.evaluate(x_test, y_test, return_dict=True, verbose=0)
print({name: round(value, 3) for name, value in figures.items()})
