"""Streams through the benchmark's LSTM in PyTorch, in each of the ways its documentation has."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import step_times
import torch
from torch import nn

torch.set_flush_denormal(True)
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2

_ready = {}


def versions():
    return {"torch": str(torch.__version__)}


class Cell(nn.Module):
    """`LSTMCell` and a linear layer."""

    def __init__(self, weights):
        super().__init__()
        kernel, recurrent, bias, head, head_bias = (torch.from_numpy(w) for w in weights)
        self.cell = nn.LSTMCell(kernel.shape[0], recurrent.shape[0])
        self.head = nn.Linear(*head.shape)
        with torch.no_grad():
            self.cell.weight_ih.copy_(kernel.T)
            self.cell.weight_hh.copy_(recurrent.T)
            self.cell.bias_ih.copy_(bias)
            self.cell.bias_hh.zero_()
            self.head.weight.copy_(head.T)
            self.head.bias.copy_(head_bias)

    def forward(self, x, h, c):
        h, c = self.cell(x, (h, c))
        return self.head(h), h, c


class Layer(nn.Module):
    """`LSTM` on sequences of one step, and a linear layer."""

    def __init__(self, cell):
        super().__init__()
        self.lstm = nn.LSTM(cell.cell.input_size, cell.cell.hidden_size)
        self.head = cell.head
        with torch.no_grad():
            self.lstm.weight_ih_l0.copy_(cell.cell.weight_ih)
            self.lstm.weight_hh_l0.copy_(cell.cell.weight_hh)
            self.lstm.bias_ih_l0.copy_(cell.cell.bias_ih)
            self.lstm.bias_hh_l0.copy_(cell.cell.bias_hh)

    def forward(self, x, h, c):
        y, (h, c) = self.lstm(x[None], (h[None], c[None]))
        return self.head(y[0]), h[0], c[0]


def stepper(module, units):
    """A function from a NumPy vector to a NumPy vector that carries the state."""
    state = [torch.zeros(1, units), torch.zeros(1, units)]

    @torch.inference_mode()
    def step(x):
        y, *state[:] = module(torch.from_numpy(x)[None], *state)
        return y[0].numpy()

    return step


def prepare(weights, inputs):
    """Build the model; the name of the fastest way to step it, and the first outputs."""
    units = len(weights[1])
    cell = Cell(weights).eval()
    layer = Layer(cell).eval()
    example = torch.zeros(1, len(inputs[0])), torch.zeros(1, units), torch.zeros(1, units)
    with torch.inference_mode():
        traced = torch.jit.freeze(torch.jit.trace(cell, example))
    modules = {"LSTMCell": cell, "LSTM": layer, "LSTMCell, traced and frozen": traced}
    first = stepper(cell, units)
    outputs = np.array([first(x) for x in inputs])
    found = []
    for threads in sorted({1, THREADS}):
        torch.set_num_threads(threads)
        way, step = step_times.fastest(
            {name: stepper(module, units) for name, module in modules.items()}, inputs
        )
        time = step_times.percentiles(step, inputs, 2000)[1]
        found.append((time, threads, f"{way}, {threads} threads", step))
    _, threads, way, step = min(found, key=lambda each: each[0])
    torch.set_num_threads(threads)
    _ready.update(step=step, inputs=inputs, cell=cell, layer=layer)
    return way, outputs


def measure(count):
    return step_times.percentiles(_ready["step"], _ready["inputs"], count)


def measure_batch(sessions, rounds):
    """Milliseconds of one step of so many sessions, by the faster of cell and layer."""
    torch.set_num_threads(THREADS)
    x = torch.from_numpy(np.tile(_ready["inputs"][0], (sessions, 1)))
    h, c = (torch.zeros(sessions, _ready["cell"].cell.hidden_size) for _ in range(2))

    def run(module):
        with torch.inference_mode():
            module(x, h, c)

    return min(
        step_times.batch_milliseconds(lambda m=module: run(m), rounds)
        for module in (_ready["cell"], _ready["layer"])
    )
