"""Streams through the benchmark's LSTM in Leftfold."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import step_times

import leftfold
from leftfold import layers, streaming

_ready = {}


def versions():
    return {"leftfold": leftfold.__version__}


def prepare(weights, inputs):
    """Build the model; the name of the way to step it, and the outputs of the first inputs."""
    kernel, recurrent, bias, head, head_bias = weights
    model = leftfold.Sequential(
        [
            layers.Input((None, len(kernel))),
            layers.LSTM(len(recurrent)),
            layers.Dense(head.shape[1]),
        ]
    )
    model.set_weights([kernel, recurrent, bias, head, head_bias])
    stepper = streaming.compile(model)
    outputs = [stepper.step(x) for x in inputs]
    out = np.empty(head.shape[1], np.float32)
    way, step = step_times.fastest(
        {"step": stepper.step, "step, out given": lambda x: stepper.step(x, out=out)}, inputs
    )
    _ready.update(stepper=stepper, step=step, inputs=inputs)
    return way, np.array(outputs)


def measure(count):
    return step_times.percentiles(_ready["step"], _ready["inputs"], count)


def measure_batch(sessions, rounds):
    """Milliseconds of one step of so many sessions."""
    stepper, x = _ready["stepper"], _ready["inputs"][0]
    numbers = stepper.add(sessions)
    rows = np.tile(x, (sessions, 1))
    out = np.empty((sessions, stepper.output_size), np.float32)
    return step_times.batch_milliseconds(lambda: stepper.step(rows, numbers, out), rounds)
