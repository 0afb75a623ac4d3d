"""A training loop by hand: GradientTape, metrics and an optimiser."""

import numpy as np
import tensorflow as tf

rng = np.random.default_rng(8)
x = rng.normal(size=(192, 12, 2)).astype("float32")
y = (x[:, :, 0].sum(axis=1) > x[:, :, 1].sum(axis=1)).astype("int32")
x_train, y_train, x_val, y_val = x[:128], y[:128], x[128:], y[128:]

train_dataset = tf.data.Dataset.from_tensor_slices((x_train, y_train)).batch(32)
val_dataset = tf.data.Dataset.from_tensor_slices((x_val, y_val)).batch(32)

inputs = tf.keras.Input(shape=(12, 2), name="series")
hidden = tf.keras.layers.LSTM(10, name="memory")(inputs)
outputs = tf.keras.layers.Dense(2, name="scores")(hidden)
model = tf.keras.Model(inputs=inputs, outputs=outputs)

optimizer = tf.keras.optimizers.Adam(learning_rate=0.02)
loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
train_acc = tf.keras.metrics.SparseCategoricalAccuracy()
val_acc = tf.keras.metrics.SparseCategoricalAccuracy()


@tf.function
def train_step(batch, labels):
    with tf.GradientTape() as tape:
        logits = model(batch, training=True)
        loss_value = loss_fn(labels, logits)
    grads = tape.gradient(loss_value, model.trainable_weights)
    grads, norm = tf.clip_by_global_norm(grads, 1.0)
    optimizer.apply_gradients(zip(grads, model.trainable_weights, strict=True))
    train_acc.update_state(labels, logits)
    return loss_value, norm


@tf.function
def test_step(batch, labels):
    val_acc.update_state(labels, model(batch, training=False))


losses, norms = [], []
for epoch in range(3):
    for batch, labels in train_dataset:
        loss_value, norm = train_step(batch, labels)
        losses.append(float(loss_value))
        norms.append(float(norm))
    for batch, labels in val_dataset:
        test_step(batch, labels)
    print(f"epoch {epoch}: loss {losses[-1]:.3f} norm {norms[-1]:.2f}", end=" ")
    print(f"accuracy {float(train_acc.result()):.3f} validation {float(val_acc.result()):.3f}")
    train_acc.reset_state()
    val_acc.reset_state()

print("steps taken:", int(optimizer.iterations))
logits = model(x_val[:4])
probabilities = tf.nn.softmax(logits).numpy()
