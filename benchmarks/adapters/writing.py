"""Writes text with the benchmark's text model: in Keras's usual loop, and in Leftfold's own way."""

import importlib
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import keras_api
import numpy as np

WINDOW, VOCABULARY = 50, 5000
WORKLOAD = {
    "timesteps": WINDOW,
    "features": 0,
    "loss": "sparse_categorical_crossentropy",
    "optimizer": "adam",
    "layers": [
        ("Embedding", {"input_dim": VOCABULARY, "output_dim": 100}),
        ("LSTM", {"units": 150, "return_sequences": True}),
        ("LSTM", {"units": 100}),
        ("Dense", {"units": 100, "activation": "relu"}),
        ("Dense", {"units": VOCABULARY, "activation": "softmax"}),
    ],
}


def by_predict(model, tokens):
    """The loop of every course: predict the token after the last `WINDOW`, append it."""
    random = np.random.default_rng(0)
    text = list(range(WINDOW))
    for _ in range(tokens):
        window = np.array([text[-WINDOW:]], np.int32)
        p = np.asarray(model.predict(window, verbose=0))[0].astype(np.float64)
        text.append(int(random.choice(VOCABULARY, p=p / p.sum())))


def rate(run, tokens):
    run(3)
    begin = time.perf_counter()
    run(tokens)
    return tokens / (time.perf_counter() - begin)


def measure(framework, tokens):
    """Tokens per second of each way to write."""
    model = keras_api.build(framework, WORKLOAD, None)
    rates = {"predict in a loop": rate(lambda n: by_predict(model, n), tokens)}
    if framework == "leftfold":
        streaming = importlib.import_module("leftfold.streaming")
        stepper = streaming.compile(model)
        many = tokens * 50
        prompt = list(range(WINDOW))
        rates["generate"] = rate(lambda n: list(streaming.generate(stepper, prompt, n)), many)
        rates["generate_batch of 64"] = 64 * rate(
            lambda n: list(streaming.generate_batch(stepper, [prompt] * 64, n)), tokens
        )
    return rates
