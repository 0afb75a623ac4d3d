"""Attention written out step by step with shared layers, several outputs."""
# ruff: noqa: F403, F405

import numpy as np
from tensorflow.keras import Input, Model
from tensorflow.keras.layers import *
from tensorflow.keras.optimizers import *

Tx, Ty, n_a, n_s, V = 6, 4, 5, 6, 8
repeator = RepeatVector(Tx)
concatenator = Concatenate(axis=-1)
densor1 = Dense(5, activation="tanh")
densor2 = Dense(1, activation="relu")
activator = Softmax(axis=1)
dotor = Dot(axes=1)


def one_step_attention(a, s_prev):
    s_prev = repeator(s_prev)
    concat = concatenator([a, s_prev])
    e = densor1(concat)
    energies = densor2(e)
    alphas = activator(energies)
    return dotor([alphas, a])


post_activation_LSTM_cell = LSTM(n_s, return_state=True)
output_layer = Dense(V, activation="softmax")
X = Input(shape=(Tx, V))
s0 = Input(shape=(n_s,), name="s0")
c0 = Input(shape=(n_s,), name="c0")
s, c, outputs = s0, c0, []
a = Bidirectional(LSTM(units=n_a, return_sequences=True))(X)
for _t in range(Ty):
    context = one_step_attention(a, s)
    _, s, c = post_activation_LSTM_cell(context, initial_state=[s, c])
    outputs.append(output_layer(s))
model = Model(inputs=[X, s0, c0], outputs=outputs)
model.summary()
model.compile(
    loss="categorical_crossentropy",
    optimizer=Adam(learning_rate=0.005, beta_1=0.9, beta_2=0.999),
    metrics=["accuracy"] * Ty,
)
rs = np.random.RandomState(0)
m = 24
Xoh = np.eye(V)[rs.randint(0, V, (m, Tx))]
Yoh = np.eye(V)[rs.randint(0, V, (m, Ty))]
z = np.zeros((m, n_s))
h = model.fit([Xoh, z, z], list(Yoh.swapaxes(0, 1)), epochs=2, batch_size=8, verbose=0)
p = model.predict([Xoh[:2], z[:2], z[:2]], verbose=0)
print(len(p), np.argmax(p, axis=-1).shape)
ev = model.evaluate([Xoh, z, z], list(Yoh.swapaxes(0, 1)), verbose=0)
print(len(ev), model.metrics_names[0])
q = Input((5, 4))
v = Input((7, 4))
att, w = Attention()([q, v], return_attention_scores=True)
add_ = AdditiveAttention()([q, v])
m2 = Model([q, v], [att, w, add_])
print([o.shape for o in m2.outputs])
r = m2.predict([rs.rand(2, 5, 4), rs.rand(2, 7, 4)], verbose=0)
del X, s, c, outputs, a, context, q, v, att, w, add_
