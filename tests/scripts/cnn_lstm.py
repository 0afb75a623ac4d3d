"""Each window cut into subsequences: a convolution over each, an LSTM over their results."""

from keras.layers import LSTM, Conv1D, Dense, Flatten, MaxPooling1D, TimeDistributed
from keras.models import Sequential
from numpy import array


def split_sequence(sequence, n_steps):
    X, y = list(), list()
    for i in range(len(sequence)):
        end_ix = i + n_steps
        if end_ix > len(sequence) - 1:
            break
        X.append(sequence[i:end_ix])
        y.append(sequence[end_ix])
    return array(X), array(y)


raw_seq = [10, 20, 30, 40, 50, 60, 70, 80, 90]
n_steps = 4
X, y = split_sequence(raw_seq, n_steps)
n_features, n_seq, n_steps = 1, 2, 2
X = X.reshape((X.shape[0], n_seq, n_steps, n_features)) / 100.0
y = y / 100.0
model = Sequential()
model.add(
    TimeDistributed(
        Conv1D(filters=8, kernel_size=1, activation="relu"), input_shape=(None, n_steps, n_features)
    )
)
model.add(TimeDistributed(MaxPooling1D(pool_size=2)))
model.add(TimeDistributed(Flatten()))
model.add(LSTM(10, activation="relu"))
model.add(Dense(1))
model.compile(optimizer="adam", loss="mse")
model.fit(X, y, epochs=5, verbose=0)
x_input = array([60, 70, 80, 90]).reshape((1, n_seq, n_steps, n_features)) / 100.0
yhat = model.predict(x_input, verbose=0)
print(yhat.shape)
