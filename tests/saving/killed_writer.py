"""Kill a process while it writes, and read what is left: run by `test_killed_writers.py`.

`python -m tests.saving.killed_writer FOLDER ENDING KILLS` prints how often the file was the old
one and how often a new one; anything else ends it with an error.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import signal
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from leftfold import Input, Sequential, layers, models
from leftfold.interop import torch
from leftfold.interop.onnx import export_onnx, import_onnx
from leftfold.saving import load_weights, save_model, save_weights

INPUTS = np.ones((1, 3, 2), "float32")

WRITERS: dict[str, Callable[[Any, Path], Any]] = {
    "keras": save_model,
    "h5": save_model,
    "weights.h5": save_weights,
    "safetensors": lambda model, path: torch.write_state(path, torch.state_dict(model)),
    "onnx": export_onnx,
}


def filled(model: Any, number: float) -> Any:
    """The model with all weights the same, so that a mixture of two files shows."""
    model.set_weights([np.full(weight.shape, number, "float32") for weight in model.weights])
    return model


def numbers_in(path: Path, ending: str, model: Any) -> Any:
    """What the file holds: the weights, or for a graph its result."""
    if ending == "onnx":
        return import_onnx(path)(INPUTS)
    if ending == "safetensors":
        return np.concatenate([array.ravel() for array in torch.read_state(path).values()])
    if ending == "weights.h5":
        load_weights(model, path)
    else:
        model = models.load_model(path)
    return np.concatenate([weight.numpy().ravel() for weight in model.weights])


def main() -> None:
    """The command line."""
    warnings.simplefilter("ignore")
    folder, ending, kills = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    model = Sequential([Input((3, 2)), layers.GRU(60), layers.Dense(1)])
    path, write, chance = folder / f"model.{ending}", WRITERS[ending], random.Random(0)
    write(filled(model, 0.25), path)
    counts = [0, 0]
    for number in range(1, kills + 1):
        before, old = path.read_bytes(), numbers_in(path, ending, model)
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                for step in itertools.count():
                    write(filled(model, number + (step % 2) / 2), path)
            os._exit(1)
        time.sleep(chance.uniform(0.001, 0.04))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), "the writer ended by itself"
        found = numbers_in(path, ending, model)
        if path.read_bytes() == before:
            counts[0] += 1
            continue
        counts[1] += 1
        if ending == "onnx":
            wanted = [filled(model, number + half).predict(INPUTS, verbose=0) for half in (0, 0.5)]
            assert any(np.allclose(found, each) for each in wanted), found
        else:
            assert len(set(found.tolist())) == 1 and found[0] in (number, number + 0.5), found
        assert found.shape == old.shape
    print(*counts)


if __name__ == "__main__":
    main()
