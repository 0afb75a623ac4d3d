"""Phrases translated word by word: TextVectorization, a masked loss, greedy answers."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

phrases = [
    ("Red house.", "casa roja"),
    ("green house", "casa verde"),
    ("Red tree", "árbol rojo"),
    ("small red house!", "casa roja pequeña"),
] * 6
sources = np.array([source for source, _ in phrases])
targets = np.array([target for _, target in phrases])
texts = tf.data.Dataset.from_tensor_slices((sources, targets)).batch(6)


def framed(text):
    text = tf.strings.regex_replace(tf.strings.lower(text), "[.!?]", "")
    return tf.strings.join(["<", tf.strings.strip(text), ">"], separator=" ")


read = layers.TextVectorization(standardize=framed, max_tokens=50)
write = layers.TextVectorization(standardize=framed, max_tokens=50)
read.adapt(texts.map(lambda source, target: source))
write.adapt(texts.map(lambda source, target: target))
vocabulary = write.get_vocabulary()
print(read.vocabulary_size(), write.vocabulary_size(), [str(word) for word in vocabulary[:4]])
word_of = layers.StringLookup(vocabulary=vocabulary, mask_token="", invert=True)
id_of = layers.StringLookup(vocabulary=vocabulary, mask_token="")


def prepared(source, target):
    ids = write(target)
    return (read(source), ids[:, :-1]), ids[:, 1:]


class Translator(tf.keras.Model):
    def __init__(self, units):
        super().__init__()
        self.read = layers.Embedding(read.vocabulary_size(), units, mask_zero=True)
        self.encoder = layers.Bidirectional(
            layers.GRU(units, return_sequences=True), merge_mode="sum"
        )
        self.write = layers.Embedding(write.vocabulary_size(), units, mask_zero=True)
        self.decoder = layers.GRU(units, return_sequences=True, return_state=True)
        self.look = layers.MultiHeadAttention(num_heads=1, key_dim=units)
        self.norm = layers.LayerNormalization()
        self.head = layers.Dense(write.vocabulary_size())

    def step(self, context, words, state=None):
        states, state = self.decoder(self.write(words), initial_state=state)
        seen, scores = self.look(query=states, value=context, return_attention_scores=True)
        self.scores = tf.reduce_mean(scores, axis=1)
        return self.head(self.norm(states + seen)), state

    def call(self, inputs):
        source, words = inputs
        return self.step(self.encoder(self.read(source)), words)[0]

    def translate(self, phrases, longest=5):
        context = self.encoder(self.read(read(tf.constant(phrases))))
        rows = tf.shape(context)[0]
        word, state = tf.fill([rows, 1], id_of("<")), self.decoder.get_initial_state(rows)[0]
        done, words = tf.zeros([rows, 1], dtype=tf.bool), []
        for _ in range(longest):
            logits, state = self.step(context, word, state)
            word = tf.argmax(logits, axis=-1)
            done = done | (word == id_of(">"))
            word = tf.where(done, tf.constant(0, dtype=tf.int64), word)
            words.append(word)
            if tf.reduce_all(done):
                break
        return tf.strings.reduce_join(word_of(tf.concat(words, axis=-1)), axis=-1, separator=" ")


def masked_loss(y_true, y_pred):
    each = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    losses = each(y_true, y_pred)
    mask = tf.cast(y_true != 0, losses.dtype)
    return tf.reduce_sum(losses * mask) / tf.reduce_sum(mask)


def masked_accuracy(y_true, y_pred):
    guesses = tf.cast(tf.argmax(y_pred, axis=-1), y_true.dtype)
    mask = tf.cast(y_true != 0, tf.float32)
    return tf.reduce_sum(tf.cast(guesses == y_true, tf.float32) * mask) / tf.reduce_sum(mask)


batches = texts.map(prepared, tf.data.AUTOTUNE)
model = Translator(8)
model.compile(tf.keras.optimizers.SGD(0.5), loss=masked_loss, metrics=[masked_accuracy])
print(sorted(model.evaluate(batches, steps=2, return_dict=True, verbose=0)))
model.fit(
    batches.repeat(),
    epochs=3,
    steps_per_epoch=4,
    validation_data=batches,
    validation_steps=2,
    verbose=0,
)
answers = [text.decode() for text in model.translate(["red house", "small red house"]).numpy()]
attention = model.scores.numpy()
print(len(answers), attention.shape)
del model, vocabulary
