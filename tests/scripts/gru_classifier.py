"""Three kinds of noisy waves, told apart by a GRU."""

import keras
import numpy as np
from keras import layers
from keras.utils import to_categorical

keras.utils.set_random_seed(812)
rng = np.random.default_rng(5)
classes = ["sine", "square", "saw"]
steps = 24

kind = rng.integers(0, 3, 240)
phase = rng.uniform(0, 1, (240, 1))
turns = (np.arange(steps) / 8 + phase) % 1
waves = np.stack([np.sin(2 * np.pi * turns), np.sign(turns - 0.5), 2 * turns - 1])
x = waves[kind, np.arange(240)][..., None] + rng.normal(0, 0.2, (240, steps, 1))
x = x.astype("float32")
y = to_categorical(kind, num_classes=len(classes))

x_train, y_train = x[:160], y[:160]
x_val, y_val = x[160:200], y[160:200]
x_test, y_test = x[200:], y[200:]

model = keras.Sequential(
    [
        keras.Input(shape=(steps, 1)),
        layers.GRU(16, return_sequences=True),
        layers.GRU(8),
        layers.Dense(len(classes), activation="softmax"),
    ],
    name="wave_classifier",
)
model.summary()
model.compile(
    loss="categorical_crossentropy",
    optimizer=keras.optimizers.Adam(learning_rate=0.01),
    metrics=["accuracy", keras.metrics.TopKCategoricalAccuracy(k=2, name="top2")],
)
model.fit(x_train, y_train, batch_size=32, epochs=3, validation_data=(x_val, y_val), verbose=2)

scores = model.evaluate(x_test, y_test, verbose=0, return_dict=True)
print({name: round(value, 2) for name, value in scores.items()})

predicted = model.predict(x_test, verbose=0).argmax(axis=1)
confusion = np.zeros((3, 3), int)
np.add.at(confusion, (y_test.argmax(axis=1), predicted), 1)
print(confusion)
print("first wave:", classes[predicted[0]])
