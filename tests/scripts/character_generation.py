"""A GRU learns a proverb letter by letter and goes on from a few of them."""

import random

import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

text = (
    "a stitch in time saves nine. a bird in the hand is worth two in the bush. "
    "the early bird catches the worm. a watched pot never boils. "
) * 3
chars = sorted(set(text))
char_indices = {char: i for i, char in enumerate(chars)}
indices_char = dict(enumerate(chars))
print("characters:", len(text), "different:", len(chars))

maxlen, step = 12, 2
sentences = [text[i : i + maxlen] for i in range(0, len(text) - maxlen, step)]
next_chars = [text[i + maxlen] for i in range(0, len(text) - maxlen, step)]
print("Number of sequences:", len(sentences))

x = np.zeros((len(sentences), maxlen, len(chars)), dtype="bool")
y = np.zeros((len(sentences), len(chars)), dtype="bool")
for i, sentence in enumerate(sentences):
    for t, char in enumerate(sentence):
        x[i, t, char_indices[char]] = True
    y[i, char_indices[next_chars[i]]] = True

model = keras.Sequential(
    [
        keras.Input(shape=(maxlen, len(chars))),
        layers.GRU(32),
        layers.Dense(len(chars), activation="softmax"),
    ]
)
optimizer = keras.optimizers.Adam(learning_rate=0.02, clipnorm=1.0)
model.compile(loss="categorical_crossentropy", optimizer=optimizer)


def sample(probabilities, temperature):
    logits = np.log(np.asarray(probabilities).astype("float64") + 1e-9) / temperature
    weights = np.exp(logits - logits.max())
    return int(np.argmax(np.random.multinomial(1, weights / weights.sum())))


random.seed(1)
np.random.seed(1)
for epoch in range(2):
    model.fit(x, y, batch_size=64, epochs=2, verbose=0)
    start = random.randint(0, 40)
    for diversity in (0.2, 1.0):
        generated, sentence = "", text[start : start + maxlen]
        for _ in range(15):
            x_pred = np.zeros((1, maxlen, len(chars)))
            for t, char in enumerate(sentence):
                x_pred[0, t, char_indices[char]] = 1.0
            next_index = sample(model.predict(x_pred, verbose=0)[0], diversity)
            generated += indices_char[next_index]
            sentence = sentence[1:] + indices_char[next_index]
        print(f"epoch {epoch}, diversity {diversity}: {generated!r}")
