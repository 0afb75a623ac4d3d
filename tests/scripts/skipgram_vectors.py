"""Word vectors by skip-grams with negative samples, and the nearest words."""

import random

import numpy as np
from tensorflow.keras.layers import Dense, Dot, Embedding, Input, Reshape
from tensorflow.keras.models import Model
from tensorflow.keras.preprocessing.sequence import make_sampling_table, skipgrams
from tensorflow.keras.preprocessing.text import Tokenizer

documents = [
    "the king rules the land and the queen rules the land",
    "the man walks the dog and the woman walks the dog",
    "the king and the queen live in the castle",
    "the man and the woman live in the house",
]
tokenizer = Tokenizer()
tokenizer.fit_on_texts(documents)
word2id = tokenizer.word_index
id2word = {number: word for word, number in word2id.items()}
wids = tokenizer.texts_to_sequences(documents)
vocab_size, embed_size = len(word2id) + 1, 8
print("Vocabulary size:", vocab_size, "most frequent:", list(word2id.items())[:3])

table = make_sampling_table(vocab_size)
grams = []
for ids in wids:
    random.seed(len(grams))
    grams.append(skipgrams(ids, vocab_size, window_size=3, seed=7))
pairs, labels = grams[0]
for i in range(4):
    first, second = pairs[i]
    print(f"({id2word[first]} {first}), ({id2word[second]} {second}) -> {labels[i]}")

word_input, context_input = Input(shape=(1,)), Input(shape=(1,))
embedding = Embedding(vocab_size, embed_size, embeddings_initializer="glorot_uniform", name="words")
contexts = Embedding(vocab_size, embed_size, embeddings_initializer="glorot_uniform")
product = Dot(axes=2, normalize=False)([embedding(word_input), contexts(context_input)])
score = Dense(1, activation="sigmoid")(Reshape((1,))(product))
model = Model([word_input, context_input], score)
model.compile(loss="mean_squared_error", optimizer="rmsprop")
model.summary()

losses = []
for epoch in range(1, 4):
    loss = 0.0
    for pairs, labels in grams:
        first, second = np.array(pairs).T
        loss += float(model.train_on_batch([first, second], np.array(labels)))
    losses.append(loss)
    print(f"Epoch: {epoch} Loss: {loss:.3f}")

weights = model.get_layer("words").get_weights()[0][1:]
normal = weights / np.linalg.norm(weights, axis=1, keepdims=True)
distances = 1 - normal @ normal.T
for word in ("king", "dog"):
    nearest = distances[word2id[word] - 1].argsort()[1:4] + 1
    print(word, "->", [id2word[number] for number in nearest])
