"""What callbacks see and do while an LSTM learns to add."""

import numpy as np
from tensorflow import keras
from tensorflow.keras.callbacks import (
    Callback,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
)

rng = np.random.default_rng(0)
x = rng.uniform(-1, 1, (160, 8, 1))
y = x.sum(axis=1)

model = keras.Sequential([keras.layers.LSTM(8), keras.layers.Dense(1)])
model.compile(keras.optimizers.SGD(learning_rate=0.4), loss="mse")


class Diary(Callback):
    """Notes what happens, and the weights' length after each epoch."""

    def on_train_begin(self, logs=None):
        self.events = ["begin"]
        self.lengths = []

    def on_train_batch_end(self, batch, logs=None):
        if batch == 0:
            self.events.append(f"batch with {sorted(logs)}")

    def on_epoch_end(self, epoch, logs=None):
        self.events.append(f"epoch {epoch} with {sorted(logs)}")
        self.lengths.append(float(np.linalg.norm(self.model.get_weights()[0])))

    def on_train_end(self, logs=None):
        self.events.append("end")


batches = []
diary = Diary()
callbacks = [
    diary,
    EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True, verbose=1),
    ModelCheckpoint("best.weights.h5", save_best_only=True, save_weights_only=True, verbose=1),
    ReduceLROnPlateau(monitor="val_loss", factor=0.2, patience=1, min_lr=0.001, verbose=1),
    LambdaCallback(on_batch_end=lambda batch, logs: batches.append(batch)),
]
history = model.fit(
    x, y, epochs=12, batch_size=16, validation_split=0.25, callbacks=callbacks, verbose=0
)
rates = [float(rate) for rate in history.history["learning_rate"]]
epochs = history.epoch
events, lengths, params = diary.events, diary.lengths, history.params
print(events[:3], events[-1])

kept = model.evaluate(x, y, verbose=0)
model.load_weights("best.weights.h5")
loaded = model.evaluate(x, y, verbose=0)
print(f"kept {kept:.4f}, loaded {loaded:.4f}")

schedule = LearningRateScheduler(lambda epoch, rate: rate * 0.5 if epoch else 0.01, verbose=1)
model.fit(x, y, epochs=3, batch_size=40, callbacks=[schedule], verbose=0)
final_rate = float(np.asarray(model.optimizer.learning_rate))
