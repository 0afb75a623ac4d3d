"""What a decoder reads while it learns: the right words, its own, or more and more of its own.

Twelve numbers are to be written in reverse, from memory: one state between encoder and decoder,
without attention. A decoder that is always shown the right number before (teacher forcing) learns
fastest and relies on it. Nobody shows it right numbers later: what follows a slip is built on it
(errors accumulate), and it has never seen its own slips (exposure bias). A decoder that learns from
its own numbers is hardly worse when it is on its own, but learns more slowly, and takes longer for
each step. Scheduled sampling (Bengio et al., 2015) begins with the right numbers and goes over to
its own.
"""

from __future__ import annotations

import argparse
import importlib.util

import numpy as np

import leftfold
from leftfold import models, streaming

NUMBERS, LENGTH = 8, 12
FIRST = 3  # ids below it are padding, start and end


def rows(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Ids of sources and targets, (count, LENGTH) each."""
    source = np.random.default_rng(seed).integers(FIRST, FIRST + NUMBERS, (count, LENGTH))
    return source, source[:, ::-1]


def train(forcing: object, epochs: int, count: int) -> models.EncoderDecoder:
    leftfold.utils.set_random_seed(1)
    size = FIRST + NUMBERS
    model = models.EncoderDecoder(
        size, size, 16, 64, attention=None, teacher_forcing=forcing, seed=1
    )
    model.compile(leftfold.optimizers.Adam(5e-3, global_clipnorm=1.0))
    model.fit(*rows(count, seed=1), 32, epochs, verbose=0)
    return model


def judge(model: models.EncoderDecoder) -> dict[str, np.ndarray]:
    """Where the decoder is right, (rows, LENGTH), reading the right numbers and its own."""
    source, target = rows(400, seed=2)
    read, _ = model.shifted(target)
    shown = model([source, read]).numpy()[:, :LENGTH].argmax(-1) == target
    own = np.zeros_like(target)
    for row, one in enumerate(streaming.decode(model, source, max_length=LENGTH)):
        own[row, : len(one.tokens)] = one.tokens
    return {"shown": shown, "own": own == target}


def behind_a_slip(right: np.ndarray) -> float:
    """The share of numbers that are right behind the first wrong one."""
    behind = np.cumsum(~right, axis=1) - ~right > 0
    return float(right[behind].mean()) if behind.any() else 1.0


def main(quick: bool = False) -> dict[str, float]:
    epochs, count = (3, 400) if quick else (20, 1500)
    schedule = models.ScheduledSampling("linear", steps=epochs * count // 32, minimum=0.25)
    found, curves = {}, {}
    print("Right numbers:   shown the right   reading its   difference   behind its")
    print("                 number before     own                        first slip")
    for name, forcing in (("full", "full"), ("none", "none"), ("scheduled", schedule)):
        right = judge(train(forcing, epochs, count))
        shown, own = float(right["shown"].mean()), float(right["own"].mean())
        later = behind_a_slip(right["own"])
        curves[name] = right["own"].mean(axis=0)
        print(f"  {name:10} {shown:16.3f} {own:17.3f} {shown - own:12.3f} {later:12.3f}")
        found |= {f"{name} shown": shown, f"{name} own": own, f"{name} behind a slip": later}
    draw(curves)
    return found


def draw(curves: dict[str, np.ndarray]) -> None:
    """How errors accumulate along the row, as a picture."""
    if importlib.util.find_spec("matplotlib") is None:
        return
    from matplotlib.figure import Figure

    figure = Figure((6, 3.2), layout="constrained")
    axis = figure.subplots()
    for (name, curve), marker in zip(curves.items(), "os^", strict=True):
        places = np.arange(1, LENGTH + 1)
        axis.plot(places, curve, marker=marker, label=f"teacher forcing: {name}")
    axis.set(xlabel="number in the row", ylabel="share that is right", ylim=(0, 1.02))
    axis.legend(frameon=False)
    figure.savefig("teacher_forcing.svg")
    print("\nteacher_forcing.svg shows where in the row it is right, reading its own.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds, less to see")
    main(parser.parse_args().quick)
