"""A tag for every word: masks, TimeDistributed, and accuracy that leaves padding out."""

import numpy as np
from tensorflow.keras.layers import (
    LSTM,
    Bidirectional,
    Dense,
    Embedding,
    SpatialDropout1D,
    TimeDistributed,
)
from tensorflow.keras.models import Sequential
from tensorflow.keras.optimizers import SGD
from tensorflow.keras.utils import pad_sequences, to_categorical

rng = np.random.default_rng(83)
words = ["<pad>", "a", "the", "dog", "cat", "sees", "likes", "old", "small", "quickly"]
tags = ["<pad>", "DET", "NOUN", "VERB", "ADJ", "ADV"]
tag_of = {"a": 1, "the": 1, "dog": 2, "cat": 2, "sees": 3, "likes": 3, "old": 4, "small": 4}


def sentence():
    found = []
    for noun in rng.choice(["dog", "cat"], 2):
        found += [rng.choice(["a", "the"])]
        found += list(rng.choice(["old", "small"], rng.integers(0, 3)))
        found += [noun, rng.choice(["sees", "likes"])]
    return found[:-1] + ["quickly"] * int(rng.integers(0, 2))


sentences = [[str(word) for word in sentence()] for _ in range(100)]
X = pad_sequences([[words.index(word) for word in s] for s in sentences], padding="post")
y = pad_sequences([[tag_of.get(word, 5) for word in s] for s in sentences], padding="post")
y = to_categorical(y, num_classes=len(tags))
print(X.shape, y.shape, sentences[0])

model = Sequential()
model.add(Embedding(input_dim=len(words), output_dim=10, mask_zero=True))
model.add(SpatialDropout1D(0.1))
model.add(Bidirectional(LSTM(units=8, return_sequences=True)))
model.add(TimeDistributed(Dense(len(tags), activation="softmax")))
model.compile(optimizer=SGD(0.5), loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(X[:80], y[:80], batch_size=20, epochs=6, validation_split=0.25, verbose=0)
model.summary()
for epoch in (0, 5):
    print(epoch, {name: round(values[epoch], 3) for name, values in history.history.items()})

p = model.predict(X[80:], verbose=0)
p = np.argmax(p, axis=-1)
for word, found, right in list(zip(sentences[80], p[0], y[80].argmax(-1), strict=False))[:5]:
    print(f"{word:8} {tags[found]:6} {tags[right]}")

test_loss, test_accuracy = model.evaluate(X[80:], y[80:], verbose=0)
valid = X[80:] > 0
by_hand = float((p == y[80:].argmax(-1))[valid].mean())
print("padding does not count:", bool(np.isclose(by_hand, test_accuracy, atol=1e-5)))
