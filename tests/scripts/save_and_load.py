"""Saving and loading: the whole model, weights alone, the architecture, and training on."""

import os

import numpy as np
import tensorflow.keras as keras
from tensorflow.keras import layers, models

rng = np.random.default_rng(67)
x = rng.normal(size=(80, 7, 3)).astype("float32")
y = x[:, :, 0].mean(axis=1)


def create_model():
    model = models.Sequential(name="keeper")
    model.add(layers.Input((7, 3)))
    model.add(layers.Bidirectional(layers.GRU(6, return_sequences=True), merge_mode="ave"))
    model.add(layers.LSTM(5, recurrent_activation="hard_sigmoid"))
    model.add(layers.BatchNormalization())
    model.add(layers.Dense(1))
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse", metrics=["mae"])
    return model


model = create_model()
model.fit(x, y, batch_size=20, epochs=2, verbose=0)
before = model.evaluate(x, y, verbose=0)

os.makedirs("models", exist_ok=True)
model.save("models/keeper.keras")
loaded = models.load_model("models/keeper.keras")
print("same figures:", np.allclose(before, loaded.evaluate(x, y, verbose=0), rtol=1e-5))
print("same steps taken:", int(loaded.optimizer.iterations) == int(model.optimizer.iterations))

on = model.fit(x, y, batch_size=20, epochs=1, verbose=0).history
on_loaded = loaded.fit(x, y, batch_size=20, epochs=1, verbose=0).history
print("training goes on alike:", np.allclose(on["loss"], on_loaded["loss"], rtol=1e-4))

model.save_weights("models/keeper.weights.h5")
fresh = create_model()
fresh.load_weights("models/keeper.weights.h5")
pairs = zip(fresh.get_weights(), model.get_weights(), strict=True)
weights_equal = [np.array_equal(one, other) for one, other in pairs]
print("weights:", len(weights_equal), all(weights_equal))

config = model.get_config()
print([layer["class_name"] for layer in config["layers"]])
rebuilt = models.Sequential.from_config(config)
copied = models.clone_model(model)
print("rebuilt:", rebuilt.count_params(), "copied:", copied.count_params())

transfer = models.Sequential([*model.layers[:-1], layers.Dense(2, name="new_head")])
for layer in transfer.layers[:-1]:
    layer.trainable = False
transfer.compile("sgd", "mse")
transfer.fit(x, np.stack([y, -y], axis=1), batch_size=20, epochs=2, verbose=0)
print("trainable:", [weight.shape for weight in transfer.trainable_weights])
transfer.summary()
