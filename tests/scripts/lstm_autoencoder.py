"""An autoencoder of LSTMs finds the odd heartbeats by its error of reconstruction."""

import numpy as np
from tensorflow.keras import Model, Sequential
from tensorflow.keras.callbacks import EarlyStopping
from tensorflow.keras.layers import LSTM, Dense, Input, RepeatVector, TimeDistributed

rng = np.random.default_rng(73)
steps, features = 16, 1
time = np.linspace(0, 2 * np.pi, steps)
normal = np.sin(time + rng.normal(0, 0.2, (150, 1))) + rng.normal(0, 0.05, (150, steps))
odd = np.sign(np.sin(3 * time + rng.normal(0, 0.2, (10, 1)))) + rng.normal(0, 0.05, (10, steps))
normal, odd = normal[..., np.newaxis], odd[..., np.newaxis]
train, held_out = normal[:120], normal[120:]

autoencoder = Sequential(
    [
        Input(shape=(steps, features)),
        LSTM(16, return_sequences=True, name="outer_encoder"),
        LSTM(6, return_sequences=False, name="bottleneck"),
        RepeatVector(steps),
        LSTM(6, return_sequences=True, name="inner_decoder"),
        LSTM(16, return_sequences=True, name="outer_decoder"),
        TimeDistributed(Dense(features)),
    ]
)
autoencoder.compile(optimizer="adamax", loss="mae")
autoencoder.summary()
history = autoencoder.fit(
    train,
    train,
    epochs=5,
    batch_size=30,
    validation_data=(held_out, held_out),
    callbacks=[EarlyStopping(patience=2, min_delta=1e-4, verbose=0)],
    verbose=2,
)

reconstructions = autoencoder.predict(train, verbose=0)
train_loss = np.mean(np.abs(reconstructions - train), axis=(1, 2))
threshold = float(np.mean(train_loss) + 2 * np.std(train_loss))
print(f"Threshold: {threshold:.3f}")
found = np.mean(np.abs(autoencoder.predict(odd, verbose=0) - odd), axis=(1, 2)) > threshold
print("odd ones found:", int(found.sum()), "of", len(odd))

encoder = Model(autoencoder.inputs, autoencoder.get_layer("bottleneck").output)
codes = encoder.predict(held_out, verbose=0)
print("codes:", codes.shape, encoder.layers[-1].name)
