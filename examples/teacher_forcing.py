"""What a decoder reads while it learns: the right words, its own, or more and more of its own.

Sources are a number and a step, targets the row of numbers that follows: 3 and 5 become 3, 8, 13,
... A decoder that is always shown the right number before (teacher forcing) learns to add the step
to it. Nobody shows it right numbers later: one slip, and all that follows is built on it (errors
accumulate); it has never seen its own mistakes, and does not mend them (exposure bias). A decoder
that learns from its own numbers alone reads nonsense for a long time. Scheduled sampling (Bengio
et al., 2015) begins with the right numbers and ends with its own.
"""

from __future__ import annotations

import argparse
import importlib.util

import numpy as np

import leftfold
from leftfold import models, streaming

NUMBERS, STEPS, LENGTH = 41, 9, 24
FIRST = 3  # ids below are padding, start and end


def rows(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Ids of sources (count, 2) and targets (count, LENGTH)."""
    generator = np.random.default_rng(seed)
    start = generator.integers(0, NUMBERS, (count, 1))
    step = generator.integers(1, STEPS + 1, (count, 1))
    numbers = (start + step * np.arange(LENGTH)) % NUMBERS
    return np.concatenate([start, NUMBERS + step], axis=1) + FIRST, numbers + FIRST


def train(forcing: object, epochs: int, count: int) -> models.EncoderDecoder:
    leftfold.utils.set_random_seed(1)
    size = FIRST + NUMBERS + STEPS + 1
    model = models.EncoderDecoder(
        size, FIRST + NUMBERS, 24, 48, attention=None, bidirectional=False,
        teacher_forcing=forcing, seed=1,
    )  # fmt: skip
    model.compile(leftfold.optimizers.Adam(4e-3, global_clipnorm=1.0))
    model.fit(*rows(count, seed=1), 32, epochs, verbose=0)
    return model


def judge(model: models.EncoderDecoder) -> dict[str, np.ndarray]:
    """Where the decoder is right, (rows, LENGTH), reading the right numbers and its own."""
    source, target = rows(400, seed=2)
    read, _ = model.shifted(target)
    logits = model([source, read]).numpy()
    shown = logits[:, :LENGTH].argmax(-1) == target
    own = np.zeros_like(target)
    for row, one in enumerate(streaming.decode(model, source, max_length=LENGTH)):
        own[row, : len(one.tokens)] = one.tokens
    return {"shown": shown, "own": own == target}


def after_an_error(right: np.ndarray) -> float:
    """The share of numbers that are right behind the first wrong one."""
    behind = np.cumsum(~right, axis=1) - ~right > 0
    return float(right[behind].mean()) if behind.any() else 1.0


def main(quick: bool = False) -> dict[str, float]:
    epochs, count = (2, 200) if quick else (20, 2000)
    schedule = models.ScheduledSampling("linear", steps=int(0.7 * epochs * count / 32))
    found, curves = {}, {}
    print("                 right, reading    right, reading    of its numbers   behind its first")
    print("                  right numbers           its own          the last        wrong number")
    for name, forcing in (("full", "full"), ("none", "none"), ("scheduled", schedule)):
        right = judge(train(forcing, epochs, count))
        shown, own = (float(right[way].mean()) for way in ("shown", "own"))
        last, mended = float(right["own"][:, -1].mean()), after_an_error(right["own"])
        curves[name] = right["own"].mean(axis=0)
        print(f"{name:10} {shown:20.3f} {own:17.3f} {last:17.3f} {mended:19.3f}")
        found |= {f"{name} shown": shown, f"{name} own": own, f"{name} mended": mended}
    draw(curves)
    return found


def draw(curves: dict[str, np.ndarray]) -> None:
    """How errors accumulate along the row, as a picture."""
    if importlib.util.find_spec("matplotlib") is None:
        return
    from matplotlib.figure import Figure

    figure = Figure((6, 3.2), layout="constrained")
    axis = figure.subplots()
    for name, curve in curves.items():
        axis.plot(np.arange(1, LENGTH + 1), curve, marker=".", label=f"teacher forcing: {name}")
    axis.set(xlabel="number in the row", ylabel="right, reading its own", ylim=(0, 1.02))
    axis.legend(frameon=False)
    figure.savefig("teacher_forcing.svg")
    print("\nteacher_forcing.svg shows how errors accumulate along the row.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds, less to see")
    main(parser.parse_args().quick)
