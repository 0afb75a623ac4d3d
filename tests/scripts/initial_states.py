"""States in and out: return_state, initial_state, and a start that depends on a picture."""

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(89)
x = rng.normal(size=(6, 10, 4)).astype("float32")

lstm = layers.LSTM(5, return_sequences=True, return_state=True)
sequence, last_output, last_cell = lstm(x)
print([tuple(t.shape) for t in (sequence, last_output, last_cell)])
start = lstm(x[:, :6])
rest, output, cell = lstm(x[:, 6:], initial_state=start[1:])
print("in two parts the same:", bool(np.allclose(output, last_output, atol=1e-5)))

gru = layers.GRU(5, return_state=True, reset_after=False)
output, state = gru(x)
backwards, backward_state = layers.GRU(5, return_state=True, go_backwards=True)(x)
both = layers.Bidirectional(layers.LSTM(3, return_state=True))
merged, forward_h, forward_c, backward_h, backward_c = both(x)
joined = np.concatenate([forward_h, backward_h], axis=-1)
print("joined states are the output:", bool(np.allclose(joined, merged, atol=1e-6)))

pictures = rng.normal(size=(90, 12)).astype("float32")
captions = rng.integers(1, 20, (90, 7))
captions[:, 1] = 1 + (pictures[:, 0] > 0)

picture_input = keras.Input((12,), name="picture")
caption_input = keras.Input((None,), dtype="int32", name="caption")
hidden = layers.Dense(16, activation="tanh", name="to_hidden")(picture_input)
memory = layers.Dense(16, activation="tanh", name="to_cell")(picture_input)
embedded = layers.Embedding(20, 8, name="words")(caption_input)
read = layers.LSTM(16, return_sequences=True, name="writer")(
    embedded, initial_state=[hidden, memory]
)
logits = layers.Dense(20, name="logits")(read)
model = keras.Model([picture_input, caption_input], logits)
model.compile(
    optimizer=keras.optimizers.AdamW(0.01, weight_decay=0.001),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["sparse_categorical_accuracy"],
)
model.summary()
model.fit([pictures, captions[:, :-1]], captions[:, 1:], batch_size=30, epochs=3, verbose=2)

zero, one = np.zeros((1, 12), "float32"), np.ones((1, 12), "float32")
first = [model.predict([p, captions[:1, :1]], verbose=0)[0, -1] for p in (zero, one)]
print("the picture matters:", bool(np.abs(first[0] - first[1]).max() > 1e-4))
