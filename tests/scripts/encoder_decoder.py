"""Numbers spelt backwards: encoder and decoder, taught by forcing, then run step by step."""

import numpy as np
from keras.layers import LSTM, Dense, Input
from keras.models import Model

rng = np.random.default_rng(3)
characters = ["\t", "\n", *"0123456789"]
token_index = {character: i for i, character in enumerate(characters)}
num_tokens = len(characters)
latent_dim = 24

input_texts = ["".join(rng.choice(list("0123456789"), rng.integers(2, 5))) for _ in range(128)]
target_texts = ["\t" + text[::-1] + "\n" for text in input_texts]
encoder_length = max(len(text) for text in input_texts)
decoder_length = max(len(text) for text in target_texts)

encoder_data = np.zeros((128, encoder_length, num_tokens), dtype="float32")
decoder_data = np.zeros((128, decoder_length, num_tokens), dtype="float32")
target_data = np.zeros((128, decoder_length, num_tokens), dtype="float32")
for i, (input_text, target_text) in enumerate(zip(input_texts, target_texts, strict=True)):
    for t, character in enumerate(input_text):
        encoder_data[i, t, token_index[character]] = 1.0
    for t, character in enumerate(target_text):
        decoder_data[i, t, token_index[character]] = 1.0
        if t > 0:
            target_data[i, t - 1, token_index[character]] = 1.0

encoder_inputs = Input(shape=(None, num_tokens))
_, state_h, state_c = LSTM(latent_dim, return_state=True)(encoder_inputs)
encoder_states = [state_h, state_c]

decoder_inputs = Input(shape=(None, num_tokens))
decoder_lstm = LSTM(latent_dim, return_sequences=True, return_state=True)
decoder_outputs, _, _ = decoder_lstm(decoder_inputs, initial_state=encoder_states)
decoder_dense = Dense(num_tokens, activation="softmax")
decoder_outputs = decoder_dense(decoder_outputs)

model = Model([encoder_inputs, decoder_inputs], decoder_outputs)
model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
model.summary()
model.fit([encoder_data, decoder_data], target_data, batch_size=32, epochs=4, verbose=2)

encoder_model = Model(encoder_inputs, encoder_states)
state_inputs = [Input(shape=(latent_dim,)), Input(shape=(latent_dim,))]
step_outputs, state_h, state_c = decoder_lstm(decoder_inputs, initial_state=state_inputs)
decoder_model = Model(
    [decoder_inputs, *state_inputs], [decoder_dense(step_outputs), state_h, state_c]
)


def decode_sequence(input_sequence):
    states = encoder_model.predict(input_sequence, verbose=0)
    target = np.zeros((1, 1, num_tokens))
    target[0, 0, token_index["\t"]] = 1.0
    decoded = ""
    while len(decoded) < decoder_length:
        scores, h, c = decoder_model.predict([target, *states], verbose=0)
        best = int(np.argmax(scores[0, -1, :]))
        decoded += characters[best]
        if characters[best] == "\n":
            break
        target = np.eye(num_tokens)[[[best]]]
        states = [h, c]
    return decoded


for index in range(3):
    print(input_texts[index], "->", repr(decode_sequence(encoder_data[index : index + 1])))
