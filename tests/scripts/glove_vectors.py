"""Word vectors from a text file in an Embedding, as weights= and by an initializer."""

import numpy as np
from tensorflow.keras.initializers import Constant
from tensorflow.keras.layers import LSTM, Dense, Embedding, Flatten, SpatialDropout1D
from tensorflow.keras.models import Sequential
from tensorflow.keras.preprocessing.sequence import pad_sequences
from tensorflow.keras.preprocessing.text import Tokenizer

docs = [
    "Well done!",
    "Good work",
    "Great effort",
    "nice work",
    "Excellent!",
    "Weak",
    "Poor effort!",
    "not good",
    "poor work",
    "Could have done better.",
]
labels = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0, 0])
t = Tokenizer()
t.fit_on_texts(docs)
vocab_size = len(t.word_index) + 1
encoded_docs = t.texts_to_sequences(docs)
print(encoded_docs)
max_length = 4
padded_docs = pad_sequences(encoded_docs, maxlen=max_length, padding="post")
with open("vectors.txt", "w", encoding="utf-8") as f:
    rng = np.random.RandomState(3)
    for w in t.word_index:
        f.write(w + " " + " ".join(f"{v:.4f}" for v in rng.normal(size=6)) + "\n")
embeddings_index = {}
with open("vectors.txt", encoding="utf-8") as f:
    for line in f:
        values = line.split()
        embeddings_index[values[0]] = np.asarray(values[1:], dtype="float32")
print(f"Loaded {len(embeddings_index)} word vectors.")
embedding_matrix = np.zeros((vocab_size, 6))
for word, i in t.word_index.items():
    v = embeddings_index.get(word)
    if v is not None:
        embedding_matrix[i] = v
model = Sequential()
e = Embedding(vocab_size, 6, weights=[embedding_matrix], input_length=4, trainable=False)
model.add(e)
model.add(Flatten())
model.add(Dense(1, activation="sigmoid"))
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(padded_docs, labels, epochs=5, verbose=0)
loss, accuracy = model.evaluate(padded_docs, labels, verbose=0)
print("Accuracy: %f" % (accuracy * 100))
m2 = Sequential(
    [
        Embedding(
            vocab_size,
            6,
            embeddings_initializer=Constant(embedding_matrix),
            trainable=False,
            mask_zero=True,
        ),
        SpatialDropout1D(0.2),
        LSTM(5, dropout=0.0),
        Dense(1, activation="sigmoid"),
    ]
)
m2.compile("rmsprop", "binary_crossentropy", metrics=["acc"])
h = m2.fit(padded_docs, labels, epochs=3, verbose=0, validation_split=0.2)
print(sorted(h.history.keys()))
print(m2.count_params(), len(m2.trainable_weights), len(m2.non_trainable_weights))
print(np.allclose(m2.layers[0].get_weights()[0], embedding_matrix))
