"""Padding, masking, and what they change.

Sequences of different lengths become an array by padding. Without a mask the network reads the
padding too: where it stands behind, what was read has faded by the time the network must answer,
and where it stands before, it only costs time. The task: is the sum of the last three numbers of
a sequence above 15?
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import leftfold
from leftfold import layers
from leftfold.preprocessing.sequence import pad_sequences

LONGEST = 60


def sequences(count: int, seed: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Numbers from 1 to 9, three to sixty; the label says whether the last three exceed 15."""
    random = np.random.default_rng(seed)
    lengths = np.minimum(3 + random.geometric(0.15, count), LONGEST)
    rows = [random.integers(1, 10, length) for length in lengths]
    return rows, np.array([row[-3:].sum() > 15 for row in rows], int)


def network(masked: bool) -> leftfold.Model:
    leftfold.utils.set_random_seed(1)
    model = leftfold.Sequential(
        [
            layers.Input((None,), dtype="int32"),
            layers.Embedding(10, 8, mask_zero=masked),
            layers.GRU(24),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(leftfold.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    return model


def main(quick: bool = False) -> dict[str, float]:
    rows, y = sequences(400 if quick else 6_000, seed=0)
    test_rows, test_y = sequences(1_000, seed=1)
    found = {}
    for padding in ("post", "pre"):
        x, test_x = (pad_sequences(part, LONGEST, padding=padding) for part in (rows, test_rows))
        for masked in (False, True):
            model = network(masked)
            begin = time.perf_counter()
            model.fit(x, y, 32, 1 if quick else 5, verbose=0)
            seconds = time.perf_counter() - begin
            name = f"padding {padding:<4}, {'masked' if masked else 'no mask'}"
            found[name] = float(model.evaluate(test_x, test_y, verbose=0)[1])
            print(f"{name:<24} accuracy {found[name]:.3f}  {seconds:4.1f} s")
    share = np.mean(pad_sequences(rows, LONGEST) == 0)
    print(f"\n{share:.0%} of all steps are padding.")

    model, row = network(masked=True), np.array([[3, 1, 4, 1, 5]])
    longer = pad_sequences(row, LONGEST, padding="post")
    same = np.allclose(model.predict(row, verbose=0), model.predict(longer, verbose=0), atol=1e-6)
    print(f"With a mask, does padding leave the answer as it is? {same}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds, less to see")
    main(parser.parse_args().quick)
