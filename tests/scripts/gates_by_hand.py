"""An LSTM written out with TensorFlow's functions, and what else of them such code is made of."""

import numpy as np
import tensorflow as tf


class HandMadeLSTM(tf.keras.layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        width = 4 * self.units
        self.w = self.add_weight(name="w", shape=(input_shape[-1], width))
        self.u = self.add_weight(name="u", shape=(self.units, width), initializer="orthogonal")
        self.b = self.add_weight(name="b", shape=(width,), initializer="zeros")

    def call(self, x):
        steps = tf.unstack(tf.transpose(x, perm=[1, 0, 2]), axis=0)
        h = c = tf.zeros([tf.shape(x)[0], self.units])
        states = tf.TensorArray(tf.float32, size=len(steps))
        for t, step in enumerate(steps):
            z = tf.matmul(step, self.w) + tf.matmul(h, self.u) + self.b
            gates, candidate = tf.split(z, [3 * self.units, self.units], axis=1)
            i, f, o = tf.split(tf.sigmoid(gates), num_or_size_splits=3, axis=-1)
            c = f * c + i * tf.tanh(candidate)
            h = o * tf.nn.tanh(c)
            states = states.write(t, h)
        return tf.transpose(states.stack(), perm=[1, 0, 2])


rs = np.random.RandomState(0)
lengths = rs.randint(2, 7, 20)
x = rs.randn(20, 6, 3).astype("float32")
mask = tf.sequence_mask(lengths, maxlen=6)
x = tf.where(mask[:, :, tf.newaxis], x, tf.zeros_like(x)).numpy()
y = tf.argmax(tf.reduce_sum(x, axis=1), axis=-1, output_type=tf.int32).numpy()

model = tf.keras.Sequential(
    [
        tf.keras.Input((6, 3)),
        HandMadeLSTM(5),
        tf.keras.layers.Lambda(lambda s: tf.slice(s, [0, 5, 0], [-1, 1, -1])[:, 0]),
        tf.keras.layers.Dense(3),
    ]
)


def masked_loss(y_true, logits):
    each = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=tf.cast(tf.reshape(y_true, [-1]), tf.int32), logits=logits
    )
    return tf.reduce_mean(each)


model.compile(tf.keras.optimizers.SGD(0.1), masked_loss, metrics=["accuracy"])
history = model.fit(x, y, batch_size=5, epochs=3, verbose=0)
logits = model.predict(x, verbose=0)

best = tf.math.top_k(logits, k=2)
second = best.indices[:, 1].numpy()
wrong = tf.where(tf.not_equal(tf.argmax(logits, axis=1), tf.cast(y, tf.int64))).numpy()
ranks = tf.argsort(logits, axis=-1, direction="DESCENDING").numpy()
largest = tf.sort(logits[:, 0], direction="DESCENDING")[:3].numpy()
valid = tf.boolean_mask(x, mask).numpy()
means = tf.math.unsorted_segment_sum(valid[:, 0], np.repeat(np.arange(20), lengths), 20).numpy()
kinds, kind_of = tf.unique(tf.constant([7, 3, 7, 9, 3]))
print(kinds.numpy(), kind_of.numpy())
ahead = tf.pad(x[:, 1:], paddings=[[0, 0], [0, 1], [0, 0]], constant_values=-1.0).numpy()
mirrored = tf.pad(x[:, :3, 0], [[0, 0], [2, 0]], "REFLECT").numpy()
since = tf.cumsum(tf.ones([3, 4], tf.int32), axis=1, exclusive=True, reverse=True).numpy()
running = tf.cumsum(x[:, :, 0]).numpy()
lasts = tf.gather(x, lengths[:, None] - 1, axis=1, batch_dims=1).numpy()
smooth = tf.nn.gelu(x[:, 0]).numpy()
far = tf.where(mask, 0.0, tf.float32.min).numpy()
print(tf.fill([2, 2], 3).numpy().tolist(), tf.eye(2, batch_shape=[3]).shape[0])
for index in tf.range(2):
    print(f"step {index}: {tf.constant([1.5, 2.5])[index]}")
del best, kinds, kind_of, index
