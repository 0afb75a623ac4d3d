"""Two inputs, two outputs, all by name: a text and a few numbers, a class and a price."""

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(61)
words = rng.integers(1, 50, (140, 12))
words[np.arange(12) >= rng.integers(4, 13, (140, 1))] = 0
facts = rng.normal(size=(140, 3)).astype("float32")
kinds = (words.max(axis=1) % 4).astype("int32")
prices = (facts @ np.array([1.0, -2.0, 0.5]) + (words > 40).sum(axis=1))[:, None]

text_input = keras.Input(shape=(None,), dtype="int32", name="text")
text = layers.Embedding(50, 12, mask_zero=True)(text_input)
text = layers.LSTM(12)(text)
facts_input = keras.Input(shape=(3,), name="facts")
numbers = layers.Dense(6, activation="relu")(facts_input)
merged = layers.concatenate([text, numbers])
merged = layers.LayerNormalization()(merged)
kind = layers.Dense(4, activation="softmax", name="kind")(merged)
price = layers.Dense(1, name="price")(merged)

model = keras.Model(
    inputs={"text": text_input, "facts": facts_input}, outputs={"kind": kind, "price": price}
)
model.summary()
model.compile(
    optimizer=keras.optimizers.RMSprop(1e-3),
    loss={"kind": "sparse_categorical_crossentropy", "price": "mse"},
    loss_weights={"kind": 1.0, "price": 0.2},
    metrics={"kind": ["accuracy"], "price": ["mae"]},
)
history = model.fit(
    {"text": words, "facts": facts},
    {"kind": kinds, "price": prices},
    epochs=3,
    batch_size=35,
    validation_split=0.2,
    verbose=2,
)
print(sorted(history.history))

scores = model.evaluate(
    {"text": words, "facts": facts}, {"kind": kinds, "price": prices}, return_dict=True, verbose=0
)
predicted = model.predict({"text": words[:6], "facts": facts[:6]}, verbose=0)
print({name: values.shape for name, values in predicted.items()})
print("kinds:", predicted["kind"].argmax(axis=1), kinds[:6])
print("inputs:", list(model.input.keys()), "outputs:", model.output_names)
