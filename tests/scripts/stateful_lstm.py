"""A stateful LSTM reads one long series piece by piece; its state is reset by hand."""

import numpy as np
from tensorflow.keras.layers import LSTM, Dense, Input
from tensorflow.keras.models import Sequential

batch_size, steps = 4, 5
rng = np.random.default_rng(23)
lanes = np.cumsum(rng.normal(0, 0.1, (batch_size, 61, 1)), axis=1)
x, y = lanes[:, :-1], lanes[:, 1:]
pieces = [slice(start, start + steps) for start in range(0, 60, steps)]

model = Sequential()
model.add(Input(batch_shape=(batch_size, steps, 1)))
model.add(LSTM(8, stateful=True, return_sequences=True))
model.add(LSTM(8, stateful=True))
model.add(Dense(1))
model.compile(loss="mean_squared_error", optimizer="adam")
model.summary()

losses = []
for epoch in range(3):
    for piece in pieces:
        result = model.fit(
            x[:, piece], y[:, piece][:, -1], batch_size=batch_size, epochs=1, verbose=0
        )
        losses.append(result.history["loss"][0])
    for layer in model.layers:
        if hasattr(layer, "reset_states"):
            layer.reset_states()
    print(f"epoch {epoch + 1}: last loss {losses[-1]:.4f}")

first = model.predict(x[:, pieces[0]], batch_size=batch_size, verbose=0)
second = model.predict(x[:, pieces[0]], batch_size=batch_size, verbose=0)
model.layers[0].reset_states()
model.layers[1].reset_states()
third = model.predict(x[:, pieces[0]], batch_size=batch_size, verbose=0)
print("the state matters:", bool(np.abs(first - second).max() > 1e-4))
print("reset brings it back:", bool(np.allclose(first, third, atol=1e-6)))

stateless = Sequential([Input((60, 1)), LSTM(8, return_sequences=True), LSTM(8), Dense(1)])
stateless.set_weights(model.get_weights())
model.layers[0].reset_states()
model.layers[1].reset_states()
for piece in pieces:
    last = model.predict_on_batch(x[:, piece])
whole = stateless.predict(x, verbose=0)
print("twelve pieces equal the whole:", bool(np.allclose(last, whole, atol=1e-5)))
