"""Gradients that explode, and what clipping does about it.

A SimpleRNN whose recurrent weights begin a little too large adds numbers up over 50 steps. On its
way back the gradient grows by the same factor at every step; now and then one is so long that a
single update throws the weights far off. Clipping keeps its direction and shortens it (Pascanu,
Mikolov and Bengio, 2013): the optimiser's `clipnorm`, `global_clipnorm` or `clipvalue`.
"""

from __future__ import annotations

import argparse

import numpy as np

import leftfold
from leftfold import layers
from leftfold.callbacks import Callback

STEPS = 50


def sums(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(seed).normal(0, 1, (count, STEPS, 1)).astype("float32")
    return x, x.sum(1) / np.sqrt(STEPS)


class LongestGradient(Callback):
    """Remembers how long the longest gradient was that the optimiser was given."""

    longest = 0.0

    def set_model(self, model: leftfold.Model) -> None:
        super().set_model(model)
        optimizer = model.optimizer
        step = optimizer.step

        def watched() -> None:
            self.longest = max(self.longest, float(np.linalg.norm(optimizer.gradients)))
            step()

        optimizer.step = watched


def train(clip: float | None, epochs: int, x: np.ndarray, y: np.ndarray) -> tuple[float, list]:
    leftfold.utils.set_random_seed(2)
    too_large = leftfold.initializers.Orthogonal(gain=1.06)
    model = leftfold.Sequential(
        [
            layers.Input((STEPS, 1)),
            layers.SimpleRNN(32, activation="linear", recurrent_initializer=too_large),
            layers.Dense(1),
        ]
    )
    model.compile(leftfold.optimizers.SGD(0.01, global_clipnorm=clip), "mse")
    watch = LongestGradient()
    try:
        history = model.fit(x, y, 32, epochs, 0, [watch]).history["loss"]
    except FloatingPointError as error:
        print(f"    stopped: {str(error).split(':')[0]}")
        history = [*model.history.history.get("loss", []), float("nan")]
    return watch.longest, history


def main(quick: bool = False) -> dict[str, float]:
    x, y = sums(320 if quick else 3_200, seed=0)
    found = {}
    for name, clip in {"not clipped": None, "clipped to 1": 1.0, "clipped to 0.1": 0.1}.items():
        print(name)
        longest, losses = train(clip, 2 if quick else 15, x, y)
        found[name] = losses[-1]
        print(f"    longest gradient {longest:.3g}, loss {losses[0]:.3g} -> {losses[-1]:.3g}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds, less to see")
    main(parser.parse_args().quick)
