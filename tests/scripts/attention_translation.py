"""Encoder and decoder with attention between them; the scores are looked at afterwards."""

import keras
import numpy as np
from keras import layers, ops

rng = np.random.default_rng(29)
english = ["one", "two", "three", "four", "five", "red", "blue", "small", "big", "house", "tree"]
swapped = {"red": "rot", "blue": "blau", "small": "klein", "big": "gross"}
source_ids = {word: i + 1 for i, word in enumerate(english)}
target_words = ["<pad>", "<start>", "<end>", *[swapped.get(w, w[::-1]) for w in english]]
target_ids = {word: i for i, word in enumerate(target_words)}

pairs = []
for _ in range(120):
    words = list(rng.choice(english, rng.integers(2, 5)))
    pairs.append((words, ["<start>", *[swapped.get(w, w[::-1]) for w in words[::-1]], "<end>"]))

source = keras.utils.pad_sequences([[source_ids[w] for w in s] for s, _ in pairs], padding="post")
target = keras.utils.pad_sequences([[target_ids[w] for w in t] for _, t in pairs], padding="post")
decoder_in, decoder_out = target[:, :-1], target[:, 1:]
print(source.shape, decoder_in.shape)

units = 16
source_input = keras.Input((None,), dtype="int32", name="source")
target_input = keras.Input((None,), dtype="int32", name="target")
x = layers.Embedding(len(source_ids) + 1, units, mask_zero=True, name="source_words")(source_input)
encoded, *state = layers.LSTM(units, return_sequences=True, return_state=True, name="encoder")(x)
y = layers.Embedding(len(target_ids), units, name="target_words")(target_input)
decoded = layers.LSTM(units, return_sequences=True, name="decoder")(y, initial_state=state)
context, scores = layers.Attention(name="attention")(
    [decoded, encoded], return_attention_scores=True
)
combined = layers.Concatenate(name="combined")([decoded, context])
hidden = layers.Dense(units, activation="tanh", name="hidden")(combined)
output = layers.Dense(len(target_ids), activation="softmax", name="words")(hidden)
model = keras.Model([source_input, target_input], output, name="translator")
model.summary()


def masked_loss(y_true, y_pred):
    losses = keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
    counts = ops.cast(ops.not_equal(y_true, 0), losses.dtype)
    return ops.sum(losses * counts) / ops.sum(counts)


model.compile(optimizer=keras.optimizers.Adam(0.01), loss=masked_loss)
history = model.fit([source, decoder_in], decoder_out, batch_size=40, epochs=4, verbose=2)

look = keras.Model(model.inputs, scores)
weights = look.predict([source[:5], decoder_in[:5]], verbose=0)
print("every step's weights add up to", weights.sum(axis=-1).round(3).min())
padding = (source[:5] == 0)[:, None, :]
print("padding gets", float((weights * padding).max().round(6)))
print([target_words[i] for i in model.predict([source, decoder_in], verbose=0)[0].argmax(-1)])
