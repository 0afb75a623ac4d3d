"""What every unit of a SimpleRNN does while it reads: states over time from inside a model."""

import keras
import numpy as np
from keras.layers import Dense, Embedding, Input, Lambda, SimpleRNN
from keras.models import Model

rng = np.random.default_rng(79)
vocabulary, maxlen = 80, 25
x = rng.integers(1, vocabulary, (120, maxlen))
y = (x[:, -3:].mean(axis=1) > 40).astype(int)

inputs = Input(shape=(maxlen,), name="tokens")
embedded = Embedding(vocabulary, 12, name="embedding")(inputs)
states = SimpleRNN(16, return_sequences=True, name="states")(embedded)
last = Lambda(lambda s: s[:, -1, :], name="last")(states)
outputs = Dense(1, activation="sigmoid", name="mood")(last)
model = Model(inputs, outputs)
model.summary()
model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=24, epochs=3, verbose=2)

reader = Model(inputs=model.input, outputs=model.get_layer("states").output)
activations = reader.predict(x[:1], verbose=0)[0]
print("activations over time:", activations.shape)
for unit in range(3):
    line = "".join("+" if value > 0 else "-" for value in activations[:, unit])
    print(f"unit {unit:2d} {line}")

kernel, recurrent, bias = model.get_layer("states").get_weights()
vectors = model.get_layer("embedding").get_weights()[0]
state = np.zeros(16)
for token in x[0]:
    state = np.tanh(vectors[token] @ kernel + state @ recurrent + bias)
print("by hand the same:", bool(np.allclose(state, activations[-1], atol=1e-5)))

both = Model(model.inputs, [layer.output for layer in model.layers[1:]])
shapes = [output.shape for output in both.predict(x[:2], verbose=0)]
print(shapes)
sliced = Model(inputs, Dense(1, name="after_slice")(states[:, -1, :]))
mean_state = Model(inputs, keras.ops.mean(states, axis=1))
print("sliced in the graph:", sliced.output_shape, "averaged:", mean_state(x[:2]).shape)
