"""Trains a workload with PyTorch, as its own documentation would write it.

Runs inside PyTorch's environment (see `tools/peers.py`).
"""

import os
import resource
import time

import torch
from torch import nn

torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
torch.set_flush_denormal(True)

CELLS = {"SimpleRNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}

_ready = {}


def versions(framework):
    return {"torch": str(torch.__version__)}


class Recurrent(nn.Module):
    """One recurrent layer, with `input_dropout` on what it reads.

    Recurrent dropout does not exist here: `exact` is false where it was asked for.
    """

    def __init__(self, name, arguments, features, batch_first):
        super().__init__()
        bidirectional = name == "Bidirectional"
        if bidirectional:
            name, arguments = arguments["layer"]
        options = {"nonlinearity": arguments.get("activation", "tanh")}
        self.inner = CELLS[name](
            features,
            arguments["units"],
            batch_first=batch_first,
            bidirectional=bidirectional,
            **(options if name == "SimpleRNN" else {}),
        )
        self.dropout = nn.Dropout(arguments.get("dropout", 0.0))
        self.sequences = arguments.get("return_sequences", False)
        self.features = arguments["units"] * (2 if bidirectional else 1)
        self.exact = not arguments.get("recurrent_dropout")

    def forward(self, x):
        output, state = self.inner(self.dropout(x))
        if self.sequences:
            return output
        hidden = state[0] if isinstance(state, tuple) else state
        return hidden.transpose(0, 1).flatten(1)


class Network(nn.Module):
    """The layers of a workload; the last activation is left to the loss."""

    def __init__(self, workload, batch_first):
        super().__init__()
        self.time_major = not batch_first
        self.layers = nn.ModuleList()
        self.exact = True
        features, last = workload["features"], len(workload["layers"]) - 1
        for index, (name, arguments) in enumerate(workload["layers"]):
            if name == "Embedding":
                features = arguments["output_dim"]
                self.layers.append(nn.Embedding(arguments["input_dim"], features))
            elif name == "Dropout":
                self.layers.append(nn.Dropout(arguments["rate"]))
            elif name == "Dense":
                self.layers.append(nn.Linear(features, arguments["units"]))
                features = arguments["units"]
                if arguments.get("activation") == "relu" and index < last:
                    self.layers.append(nn.ReLU())
            else:
                layer = Recurrent(name, arguments, features, batch_first)
                self.exact = self.exact and layer.exact
                self.layers.append(layer)
                features = layer.features

    def forward(self, x):
        if self.time_major:
            x = x.transpose(0, 1).contiguous()
        for layer in self.layers:
            x = layer(x)
        return x


LOSSES = {
    "mse": nn.MSELoss,
    "binary_crossentropy": nn.BCEWithLogitsLoss,
    "sparse_categorical_crossentropy": nn.CrossEntropyLoss,
}


def build(workload, batch_first):
    """A model and a function that trains it by one batch."""
    torch.manual_seed(1)
    model = Network(workload, batch_first)
    loss_of = LOSSES[workload["loss"]]()
    if workload["optimizer"] == "adam":
        optimizer = torch.optim.Adam(model.parameters(), fused=True)
    else:
        optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3, alpha=0.9, foreach=True)

    def step(x, y):
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return model, step


def run(step, x, y, steps):
    """Milliseconds of a step."""
    start = time.perf_counter()
    for _ in range(steps):
        loss = step(x, y)
    float(loss)
    return (time.perf_counter() - start) / steps * 1e3


def prepare(framework, workload, x, y, only=None):
    """Warm up and keep the faster layout.

    Returns `(description, milliseconds of a step, whether the model is exactly as asked for)`.
    """
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    x, y = (x if workload["features"] else x.long()), (y.long() if workload["classes"] else y)
    results = []
    for batch_first in (True, False):
        label = "batch first" if batch_first else "time first"
        if only is not None and label != only:
            continue
        model, step = build(workload, batch_first)
        run(step, x, y, 2)
        steps = max(2, min(50, int(300 / run(step, x, y, 2))))
        results.append((run(step, x, y, steps), label, model, step))
    milliseconds, label, model, step = min(results, key=lambda result: result[0])
    _ready.update(step=step, x=x, y=y)
    return label, milliseconds, model.exact


def measure(steps):
    """Milliseconds of a step of the prepared model, over `steps` of them."""
    return run(_ready["step"], _ready["x"], _ready["y"], steps)


def peak_memory():
    """The most memory this process has held so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
