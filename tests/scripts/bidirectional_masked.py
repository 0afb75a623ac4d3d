"""A bidirectional LSTM over texts of different lengths, padding masked."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

rng = np.random.default_rng(11)
vocab_size, max_length = 60, 18

lengths = rng.integers(3, max_length + 1, 200)
sequences = [rng.integers(1, vocab_size, length).tolist() for length in lengths]
labels = np.array([int(ids[0] < ids[-1]) for ids in sequences], dtype="float32")
padded = tf.keras.preprocessing.sequence.pad_sequences(
    sequences, maxlen=max_length, padding="post", truncating="post"
)
print(padded.shape, padded[0])

model = tf.keras.Sequential(
    [
        layers.Embedding(vocab_size, 16, mask_zero=True),
        layers.Bidirectional(layers.LSTM(8, return_sequences=True)),
        layers.Bidirectional(layers.LSTM(6), merge_mode="sum"),
        layers.Dense(8, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(
    loss=tf.keras.losses.BinaryCrossentropy(),
    optimizer=tf.keras.optimizers.Adam(1e-2),
    metrics=["accuracy", tf.keras.metrics.Precision(), tf.keras.metrics.Recall()],
)
history = model.fit(
    padded[:150],
    labels[:150],
    epochs=3,
    batch_size=50,
    validation_data=(padded[150:], labels[150:]),
    verbose=0,
)
model.summary()
print(sorted(history.history))

mask = model.layers[0].compute_mask(padded)
print("valid steps of the first texts:", np.sum(np.asarray(mask), axis=1)[:5], lengths[:5])

short = model.predict(padded[:4], verbose=0)
shorter = model.predict(padded[:4, : max(lengths[:4])], verbose=0)
print("padding makes no difference:", bool(np.allclose(short, shorter, atol=1e-5)))
