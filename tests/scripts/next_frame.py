"""Next frames of films of moving squares, in the manner of Keras's own example."""

import keras
import numpy as np
from keras import layers

FRAMES, SIZE = 8, 12


def generate_movies(n_samples, seed):
    """Squares that move with a constant speed, with noise, and the same one frame later."""
    random = np.random.default_rng(seed)
    movies = np.zeros((n_samples, FRAMES + 1, SIZE, SIZE, 1), dtype="float32")
    for movie in movies:
        for _ in range(random.integers(1, 3)):
            x, y = random.integers(2, SIZE - 2, 2)
            dx, dy = random.integers(-1, 2, 2)
            for t in range(FRAMES + 1):
                left, top = (x + dx * t) % (SIZE - 2), (y + dy * t) % (SIZE - 2)
                movie[t, left : left + 2, top : top + 2, 0] += 1
    movies = np.clip(movies, 0, 1)
    return movies[:, :-1], movies[:, 1:]


x_train, y_train = generate_movies(12, seed=0)
x_val, y_val = generate_movies(4, seed=1)
print("Training:", x_train.shape, y_train.shape, "validation:", x_val.shape)

inp = layers.Input(shape=(None, *x_train.shape[2:]))
x = layers.ConvLSTM2D(
    filters=6, kernel_size=(5, 5), padding="same", return_sequences=True, activation="relu"
)(inp)
x = layers.BatchNormalization()(x)
x = layers.ConvLSTM2D(
    filters=6, kernel_size=(3, 3), padding="same", return_sequences=True, activation="relu"
)(x)
x = layers.BatchNormalization()(x)
x = layers.ConvLSTM2D(
    filters=6, kernel_size=(1, 1), padding="same", return_sequences=True, activation="relu"
)(x)
x = layers.Conv3D(filters=1, kernel_size=(3, 3, 3), activation="sigmoid", padding="same")(x)
model = keras.models.Model(inp, x)
model.compile(loss=keras.losses.binary_crossentropy, optimizer=keras.optimizers.Adam())
model.summary(show_trainable=True)

early_stopping = keras.callbacks.EarlyStopping(monitor="val_loss", patience=10)
reduce_lr = keras.callbacks.ReduceLROnPlateau(monitor="val_loss", patience=1)
history = model.fit(
    x_train,
    y_train,
    batch_size=5,
    epochs=3,
    validation_data=(x_val, y_val),
    callbacks=[early_stopping, reduce_lr],
    verbose=2,
)

example = x_val[0]
frames = example[: FRAMES // 2, ...]
for _ in range(3):
    new_prediction = model.predict(np.expand_dims(frames, axis=0), verbose=0)
    new_prediction = np.squeeze(new_prediction, axis=0)
    predicted_frame = np.expand_dims(new_prediction[-1, ...], axis=0)
    frames = np.concatenate((frames, predicted_frame), axis=0)
print("Predicted frames:", frames.shape)
brightness = frames.mean(axis=(1, 2, 3))
