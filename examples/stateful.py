"""Stateful against stateless: one long stream, cut into windows.

A switch is thrown at random, once in some thirty steps, and the network shall tell at every step
how it stands. It only sees the moments at which it is thrown. A stateless network begins every
window of 20 steps with no idea; a stateful one carries its state from window to window, while
gradients go back no further than a window (`fit(..., backprop_steps=20)`).
"""

from __future__ import annotations

import argparse

import numpy as np

import leftfold
from leftfold import layers

STREAMS, WINDOW = 16, 20


def streams(steps: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """When each switch is set to on (1) or off (-1), and how it stands after each step."""
    random = np.random.default_rng(seed)
    thrown = random.random((STREAMS, steps)) < 1 / 30
    thrown[:, 0] = True
    signals = np.where(thrown, random.choice([-1, 1], (STREAMS, steps)), 0)
    stands = np.zeros_like(signals)
    stands[:, 0] = signals[:, 0]
    for step in range(1, steps):
        stands[:, step] = np.where(thrown[:, step], signals[:, step], stands[:, step - 1])
    return signals[..., None].astype("float32"), (stands > 0)[..., None].astype("float32")


def network(stateful: bool) -> leftfold.Model:
    leftfold.utils.set_random_seed(1)
    rows = STREAMS if stateful else None
    inputs = layers.Input(batch_shape=(rows, None, 1))
    states = layers.LSTM(12, return_sequences=True, stateful=stateful)(inputs)
    model = leftfold.Model(inputs, layers.Dense(1, activation="sigmoid")(states))
    model.compile(leftfold.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    return model


def in_windows(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1, WINDOW, array.shape[-1])


def main(quick: bool = False) -> dict[str, float]:
    steps, epochs = (200, 1) if quick else (2_000, 15)
    x, y = streams(steps, seed=0)
    test_x, test_y = streams(2_000, seed=1)

    stateless = network(stateful=False)
    stateless.fit(in_windows(x), in_windows(y), STREAMS, epochs, verbose=0)
    found = {"stateless": stateless.evaluate(in_windows(test_x), in_windows(test_y), verbose=0)[1]}
    stateful = network(stateful=True)
    stateful.fit(x, y, STREAMS, epochs, verbose=0, shuffle=False, backprop_steps=WINDOW)
    stateful.reset_states()
    right = []
    for begin in range(0, test_x.shape[1], WINDOW):
        window = slice(begin, begin + WINDOW)
        answer = stateful.predict(test_x[:, window], STREAMS, verbose=0)
        right.append((answer > 0.5) == test_y[:, window])
    found["stateful"] = float(np.mean(right))
    for name, accuracy in found.items():
        print(f"{name:<10} accuracy {accuracy:.3f}")
    places = np.concatenate(right, axis=1).reshape(STREAMS, -1, WINDOW).mean((0, 1))
    print(f"stateful, at the first step of a window: {places[0]:.3f}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds, less to see")
    main(parser.parse_args().quick)
