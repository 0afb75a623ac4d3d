"""What a second layer buys, and what reading in both directions buys.

The task: mark in a row of letters each one that does not come again. Nobody can know that who has
not read to the end, so a network that reads forwards can only guess, however deep it is. One that
also reads backwards only has to remember which letters it has met.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import leftfold
from leftfold import layers

LETTERS, LENGTH = 6, 16


def rows(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Letters `(count, LENGTH)` and for each whether it is the last of its kind."""
    x = np.random.default_rng(seed).integers(0, LETTERS, (count, LENGTH))
    again = [(x[:, place + 1 :] == x[:, place, None]).any(1) for place in range(LENGTH)]
    return x, 1 - np.stack(again, axis=1)[..., None]


def networks() -> dict[str, list[layers.Layer]]:
    return {
        "one layer": [layers.GRU(32, return_sequences=True)],
        "two layers": [
            layers.GRU(32, return_sequences=True),
            layers.GRU(32, return_sequences=True),
        ],
        "bidirectional": [layers.Bidirectional(layers.GRU(16, return_sequences=True))],
        "two layers, bidirectional": [
            layers.Bidirectional(layers.GRU(16, return_sequences=True)),
            layers.Bidirectional(layers.GRU(16, return_sequences=True)),
        ],
    }


def main(quick: bool = False) -> dict[str, float]:
    x, y = rows(500 if quick else 8_000, seed=0)
    test_x, test_y = rows(500, seed=1)
    guess = max(test_y.mean(), 1 - test_y.mean())
    print(f"{'always the commoner answer':<28} accuracy {guess:.3f}")
    found = {}
    for name, recurrent in networks().items():
        leftfold.utils.set_random_seed(1)
        front = [layers.Input((LENGTH,)), layers.Embedding(LETTERS, 8)]
        model = leftfold.Sequential([*front, *recurrent, layers.Dense(1, activation="sigmoid")])
        rate = leftfold.optimizers.Adam(0.01)
        model.compile(rate, "binary_crossentropy", metrics=["accuracy"])
        begin = time.perf_counter()
        model.fit(x, y, 64, 1 if quick else 15, verbose=0)
        seconds = time.perf_counter() - begin
        found[name] = model.evaluate(test_x, test_y, verbose=0)[1]
        print(
            f"{name:<28} accuracy {found[name]:.3f}  {model.count_params():>6,} parameters  "
            f"{seconds:4.1f} s"
        )
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds, less to see")
    main(parser.parse_args().quick)
