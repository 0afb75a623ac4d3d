"""What a network remembers while it reads: hidden states and gates over time, as pictures.

A small language in which `not` turns the next judgement around. The network learns to say whether
a sentence is friendly; then it reads one sentence, and all its states and gates are drawn with the
words along the axis. Needs: pip install "leftfold[plot]"
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import leftfold
from leftfold import inspection, layers

WORDS = ["", "the", "film", "story", "was", "and", "very", "not", "good", "warm", "bad", "dull"]
SENTENCE = ["the", "film", "was", "not", "bad", "and", "the", "story", "was", "very", "good"]


def sentences(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Word numbers, padded behind with 0, and whether praise outweighs blame."""
    random = np.random.default_rng(seed)
    x, y = np.zeros((count, 14), int), np.zeros(count, int)
    for row in range(count):
        length = random.integers(5, 15)
        x[row, :length] = random.integers(1, len(WORDS), length)
        turned, balance = False, 0
        for word in (WORDS[number] for number in x[row, :length]):
            if word == "not":
                turned = True
            elif word in ("good", "warm", "bad", "dull"):
                balance += -1 if (word in ("bad", "dull")) != turned else 1
                turned = False
        y[row] = balance > 0
    return x, y


def main(quick: bool = False, folder: Path = Path(".")) -> dict[str, float]:
    leftfold.utils.set_random_seed(3)
    model = leftfold.Sequential(
        [
            layers.Input((None,), dtype="int32"),
            layers.Embedding(len(WORDS), 8, mask_zero=True),
            layers.LSTM(24, name="reader"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(leftfold.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    model.fit(*sentences(500 if quick else 6_000, seed=0), 64, 1 if quick else 8, verbose=0)
    test_x, test_y = sentences(1_000, seed=1)
    accuracy = float(model.evaluate(test_x, test_y, verbose=0)[1])
    print(f"accuracy on new sentences: {accuracy:.3f}")

    ids = np.array([[WORDS.index(word) for word in SENTENCE]])
    reader = inspection.trace(model, ids).recurrences["reader"]
    turned = np.abs(np.diff(reader.states["cell"][0], axis=0)).sum(1)
    for word, change in zip(SENTENCE[1:], turned, strict=True):
        print(f"  {word:<6} changes the cell state by {change:5.2f} {'#' * round(2 * change)}")

    pictures = {
        "hidden_states": inspection.plot_states(reader, SENTENCE),
        "cell_states": inspection.plot_states(reader, SENTENCE, state="cell", kind="heat"),
        "gates": inspection.plot_gates(inspection.trace(model, test_x).recurrences["reader"]),
    }
    for name, picture in pictures.items():
        picture.save(folder / f"{name}.svg")
        print(f"written: {folder / f'{name}.svg'}")
    return {"accuracy": accuracy}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds, less to see")
    parser.add_argument("--folder", type=Path, default=Path("."), help="where the pictures go")
    chosen = parser.parse_args()
    main(chosen.quick, chosen.folder)
