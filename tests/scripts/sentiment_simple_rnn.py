"""Which mood does a made-up review have? Embedding and SimpleRNN."""

import numpy as np
from tensorflow.keras.layers import Dense, Embedding, SimpleRNN
from tensorflow.keras.models import Sequential
from tensorflow.keras.preprocessing.sequence import pad_sequences

vocabulary = 200
maxlen = 20
rng = np.random.default_rng(1)


def review(mood):
    """Ids below 20 are common words, then come 90 friendly and 90 unfriendly ones."""
    length = rng.integers(5, 30)
    coloured = rng.integers(20, 110, length) + 90 * (1 - mood)
    common = rng.integers(1, 20, length)
    return np.where(rng.random(length) < 0.4, coloured, common).tolist()


labels = rng.integers(0, 2, 320)
reviews = [review(label) for label in labels]
print("shortest", min(map(len, reviews)), "longest", max(map(len, reviews)))

x = pad_sequences(reviews, maxlen=maxlen)
x_train, x_test = x[:256], x[256:]
y_train, y_test = labels[:256], labels[256:]
print("x_train shape:", x_train.shape, "x_test shape:", x_test.shape)

model = Sequential()
model.add(Embedding(vocabulary, 16))
model.add(SimpleRNN(16))
model.add(Dense(1, activation="sigmoid"))
model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["acc"])

history = model.fit(x_train, y_train, epochs=4, batch_size=32, validation_split=0.2, verbose=2)
model.summary()

acc = history.history["acc"]
val_acc = history.history["val_acc"]
print("best epoch:", int(np.argmax(val_acc)) + 1)

test_loss, test_acc = model.evaluate(x_test, y_test, verbose=0)
print(f"test loss {test_loss:.3f}, test accuracy {test_acc:.2f}")

probabilities = model.predict(x_test, verbose=0)
classes = (probabilities > 0.5).astype("int32")
print(classes[:10].ravel(), y_test[:10])
