"""Word by word: Tokenizer, n-gram prefixes, a stacked LSTM, greedy text from a seed."""

import numpy as np
from keras.layers import LSTM, Dense, Dropout, Embedding
from keras.models import Sequential
from keras.preprocessing.sequence import pad_sequences
from keras.preprocessing.text import Tokenizer
from keras.utils import to_categorical

corpus = """The river runs down to the sea
The sea sends rain up to the hills
The hills send the river down again
And the rain runs with the river"""
lines = corpus.lower().split("\n")

tokenizer = Tokenizer(oov_token="<unk>")
tokenizer.fit_on_texts(lines)
total_words = len(tokenizer.word_index) + 1
print("Vocabulary:", tokenizer.word_index)
print("Counts:", dict(tokenizer.word_counts))

input_sequences = []
for line in lines:
    token_list = tokenizer.texts_to_sequences([line])[0]
    for i in range(1, len(token_list)):
        input_sequences.append(token_list[: i + 1])
max_sequence_len = max(len(ids) for ids in input_sequences)
input_sequences = np.array(pad_sequences(input_sequences, maxlen=max_sequence_len, padding="pre"))
predictors, label = input_sequences[:, :-1], input_sequences[:, -1]
label = to_categorical(label, num_classes=total_words)
print(predictors.shape, label.shape)

model = Sequential()
model.add(Embedding(total_words, 12))
model.add(LSTM(24, return_sequences=True))
model.add(Dropout(0.2))
model.add(LSTM(16))
model.add(Dense(20, activation="relu"))
model.add(Dense(total_words, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
history = model.fit(predictors, label, epochs=12, batch_size=8, verbose=0)


def generate_text(seed_text, next_words):
    for _ in range(next_words):
        token_list = tokenizer.texts_to_sequences([seed_text])[0]
        token_list = pad_sequences([token_list], maxlen=max_sequence_len - 1, padding="pre")
        best = int(np.argmax(model.predict(token_list, verbose=0), axis=-1)[0])
        seed_text += " " + tokenizer.index_word.get(best, "")
    return seed_text


generated = generate_text("the river", 4)
print(generated)
unknown = tokenizer.texts_to_sequences(["the unheard river"])
print(unknown, tokenizer.sequences_to_texts(unknown))
