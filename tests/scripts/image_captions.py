"""Captions for images: features and words so far, merged, predict the next word."""

import numpy as np
from keras.layers import LSTM, Dense, Dropout, Embedding, Input, add
from keras.models import Model
from keras.preprocessing.sequence import pad_sequences
from keras.preprocessing.text import Tokenizer
from keras.utils import to_categorical
from numpy import argmax, array

descriptions = {
    "a": ["startseq dog runs on grass endseq"],
    "b": ["startseq cat sits on mat endseq", "startseq a cat endseq"],
}
photos = {k: np.random.RandomState(i).rand(1, 20) for i, k in enumerate(descriptions)}
tokenizer = Tokenizer()
tokenizer.fit_on_texts([d for v in descriptions.values() for d in v])
vocab_size = len(tokenizer.word_index) + 1
print("Vocabulary Size:", vocab_size)
max_length = max(len(d.split()) for v in descriptions.values() for d in v)


def create_sequences(tokenizer, max_length, desc_list, photo):
    X1, X2, y = list(), list(), list()
    for desc in desc_list:
        seq = tokenizer.texts_to_sequences([desc])[0]
        for i in range(1, len(seq)):
            in_seq, out_seq = seq[:i], seq[i]
            in_seq = pad_sequences([in_seq], maxlen=max_length)[0]
            out_seq = to_categorical([out_seq], num_classes=vocab_size)[0]
            X1.append(photo)
            X2.append(in_seq)
            y.append(out_seq)
    return array(X1), array(X2), array(y)


def data_generator(descriptions, photos, tokenizer, max_length):
    while 1:
        for key, desc_list in descriptions.items():
            in_img, in_seq, out_word = create_sequences(
                tokenizer, max_length, desc_list, photos[key][0]
            )
            yield (in_img, in_seq), out_word


inputs1 = Input(shape=(20,))
fe1 = Dropout(0.5)(inputs1)
fe2 = Dense(8, activation="relu")(fe1)
inputs2 = Input(shape=(max_length,))
se1 = Embedding(vocab_size, 8, mask_zero=True)(inputs2)
se2 = Dropout(0.5)(se1)
se3 = LSTM(8)(se2)
decoder1 = add([fe2, se3])
decoder2 = Dense(8, activation="relu")(decoder1)
outputs = Dense(vocab_size, activation="softmax")(decoder2)
model = Model(inputs=[inputs1, inputs2], outputs=outputs)
model.compile(loss="categorical_crossentropy", optimizer="adam")
model.summary()
for _i in range(2):
    generator = data_generator(descriptions, photos, tokenizer, max_length)
    model.fit(generator, epochs=1, steps_per_epoch=2, verbose=0)
in_text = "startseq"
for _i in range(max_length):
    sequence = pad_sequences([tokenizer.texts_to_sequences([in_text])[0]], maxlen=max_length)
    yhat = argmax(model.predict([photos["a"], sequence], verbose=0))
    word = tokenizer.index_word.get(yhat)
    if word is None:
        break
    in_text += " " + word
    if word == "endseq":
        break
print(in_text)
del generator
