"""The vanishing gradient, seen and mended.

The task: remember the first number of a sequence through 100 steps of noise. What the network has
to learn lies 100 steps back, and the gradient has to get there. It is measured before training:
it fades in all cells, in gated ones as well, whose gates begin half open, and then nothing is
learnt. The mend: biases that let the gates begin such that a state lasts about as long as the
sequence (Tallec and Ollivier, 2018). A SimpleRNN has no gate to shut: every step writes over what
it remembers.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import leftfold
from leftfold import inspection, layers

STEPS, UNITS = 100, 24


def recall(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x = random.normal(0, 1, (count, STEPS, 2)).astype("float32")
    x[:, :, 1] = 0
    x[:, 0, 1] = 1  # marks the number to remember
    x[:, 0, 0] = random.choice([-1, 1], count)
    return x, x[:, 0, :1]


def long_memory(layer: layers.Layer) -> None:
    """Let gates begin such that a state lasts as long as the sequence."""
    last = np.log(STEPS - 1.0)
    bias = layer.cell.bias.numpy()
    if isinstance(layer, layers.LSTM):
        bias[UNITS : 2 * UNITS], bias[:UNITS] = last, -last  # forget and input gate
    else:
        bias[0, :UNITS] = last  # the update gate of a GRU keeps when open
    layer.cell.bias.assign(bias)


def network(cell: str, mended: bool) -> leftfold.Model:
    leftfold.utils.set_random_seed(1)
    memory = getattr(layers, cell)(UNITS, name="memory")
    model = leftfold.Sequential([layers.Input((STEPS, 2)), memory, layers.Dense(1)])
    if mended:
        long_memory(model.get_layer("memory"))
    model.compile(leftfold.optimizers.Adam(0.005, clipnorm=1.0), "mse")
    return model


def main(quick: bool = False, picture: Path | None = None) -> dict[str, float]:
    x, y = recall(300 if quick else 3_000, seed=0)
    test_x, test_y = recall(500, seed=1)
    flows, found = {}, {}
    print(f"{'':<18}gradient left after {STEPS} steps   error after training (1 = no idea)")
    for name in ("SimpleRNN", "GRU", "LSTM", "GRU, mended", "LSTM, mended"):
        cell, mended = name.split(",")[0], name.endswith("mended")
        model = network(cell, mended)
        (flows[name],) = inspection.gradient_flow(model, test_x[:64], test_y[:64]).values()
        model.fit(x, y, 64, 1 if quick else 12, verbose=0)
        found[name] = float(model.evaluate(test_x, test_y, verbose=0))
        print(f"{name:<18}{flows[name].back()[-1]:>20.1e} {found[name]:>24.3f}")
    if picture is not None:
        inspection.plot_gradients(flows, "Before training").save(picture)
        print(f"written: {picture}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds, less to see")
    parser.add_argument("--picture", type=Path, help="draw the gradients, for instance flow.svg")
    chosen = parser.parse_args()
    main(chosen.quick, chosen.picture)
