"""Four SimpleRNN layers on top of each other, in the style of Keras 2."""

import numpy as np
from keras.layers import Dense, Embedding, SimpleRNN
from keras.models import Sequential
from keras.preprocessing import sequence

max_features = 100
maxlen = 15
batch_size = 32

np.random.seed(7)
input_train = [np.random.randint(1, max_features, np.random.randint(4, 25)) for _ in range(160)]
y_train = np.array([int(np.mean(ids) > 50) for ids in input_train])

print("Pad sequences (samples x time)")
input_train = sequence.pad_sequences(input_train, maxlen=maxlen)
print("input_train shape:", input_train.shape)

model = Sequential()
model.add(Embedding(max_features, 8))
model.add(SimpleRNN(8, return_sequences=True))
model.add(SimpleRNN(8, return_sequences=True))
model.add(SimpleRNN(8, return_sequences=True))
model.add(SimpleRNN(8))  # the last one gives its last output only
model.add(Dense(1, activation="sigmoid"))
model.build((None, maxlen))
model.summary()

model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["acc"])
history = model.fit(
    input_train, y_train, epochs=3, batch_size=batch_size, validation_split=0.2, verbose=2
)

loss = history.history["loss"]
val_loss = history.history["val_loss"]
epochs = range(1, len(loss) + 1)
for epoch, training, validation in zip(epochs, loss, val_loss, strict=True):
    print(f"{epoch}: training loss {training:.4f}, validation loss {validation:.4f}")

for layer in model.layers:
    print(layer.name, [weights.shape for weights in layer.get_weights()])
