"""The model of `EncoderDecoder` (one layer of GRU on each side) in PyTorch, with its weights.

Trains it on padded or packed batches, whichever is faster, and decodes it step by step. It is
also what `tests/parity` compares losses, gradients and searches with.
"""

import math
import os
import time

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

START, END = 1, 2
_ready = {}


def versions(framework):
    return {"torch": str(torch.__version__)}


def gates(matrix):
    """A GRU's weights (inputs, 3 units) in PyTorch's order and layout."""
    z, r, h = np.split(matrix, 3, axis=-1)
    return torch.from_numpy(np.ascontiguousarray(np.concatenate([r, z, h], axis=-1).T))


class Network(nn.Module):
    def __init__(self, settings):
        super().__init__()
        size, units = settings["embedding_size"], settings["units"]
        self.kind, self.packed = settings["attention"], settings.get("packed", False)
        self.smoothing = settings.get("label_smoothing", 0.0)
        self.source = nn.Embedding(settings["source_size"], size)
        self.target = nn.Embedding(settings["target_size"], size)
        self.encoder = nn.GRU(size, units // 2, bidirectional=True, batch_first=True)
        looks_first = self.kind == "bahdanau"
        self.decoder = nn.GRU(size + looks_first * units, units, batch_first=True)
        self.bridge = nn.Linear(units, units)
        self.of_memory = nn.Linear(units, units, bias=False)
        self.of_query = nn.Linear(units, units, bias=False)
        self.v = nn.Parameter(torch.empty(units).uniform_(-0.1, 0.1))
        self.readout = nn.Linear(2 * units, size)
        self.output = nn.Linear(size, settings["target_size"])
        self.drop = nn.Dropout(settings.get("dropout", 0.0))

    def named(self):
        """Every parameter by the name that our weights have, with how ours become it."""
        plain = lambda w: torch.from_numpy(np.array(w))  # noqa: E731
        turned = lambda w: torch.from_numpy(np.ascontiguousarray(w.T))  # noqa: E731
        found = {
            "source": (self.source.weight, plain),
            "target": (self.target.weight, plain),
            "bridge.kernel": (self.bridge.weight, turned),
            "bridge.bias": (self.bridge.bias, plain),
            "readout.kernel": (self.readout.weight, turned),
            "readout.bias": (self.readout.bias, plain),
            "output.kernel": (self.output.weight, turned),
            "output.bias": (self.output.bias, plain),
            "of_memory": (self.of_memory.weight, turned),
            "of_query": (self.of_query.weight, turned),
            "v": (self.v, plain),
        }
        for name, layer, ending in (
            ("forward", self.encoder, ""),
            ("backward", self.encoder, "_reverse"),
            ("decoder", self.decoder, ""),
        ):
            found[f"{name}.kernel"] = (getattr(layer, f"weight_ih_l0{ending}"), gates)
            found[f"{name}.recurrent"] = (getattr(layer, f"weight_hh_l0{ending}"), gates)
            found[f"{name}.bias_x"] = (getattr(layer, f"bias_ih_l0{ending}"), gates)
            found[f"{name}.bias_h"] = (getattr(layer, f"bias_hh_l0{ending}"), gates)
        return found

    def take(self, weights):
        with torch.no_grad():
            for name, (parameter, convert) in self.named().items():
                if name in weights:
                    parameter.copy_(convert(weights[name]))

    def encode(self, source):
        """Memory, keys, mask, first state."""
        mask = source != 0
        x = self.drop(self.source(source))
        if self.packed or not mask.all():
            lengths = mask.sum(1).cpu()
            packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            memory, last = self.encoder(packed)
            memory, _ = pad_packed_sequence(memory, batch_first=True, total_length=source.shape[1])
        else:
            memory, last = self.encoder(x)
        state = torch.tanh(self.bridge(torch.cat([last[0], last[1]], -1)))
        keys = memory if self.kind == "luong-dot" else self.of_memory(memory)
        return memory, keys, mask, state

    def attend(self, query, memory, keys, mask):
        """Contexts of queries (batch, steps, units)."""
        if self.kind in ("luong-dot", "luong-general"):
            scores = query @ keys.transpose(1, 2)
        else:
            scores = torch.tanh(self.of_query(query)[:, :, None] + keys[:, None]) @ self.v
        weights = torch.softmax(scores.masked_fill(~mask[:, None], -math.inf), -1)
        return weights @ memory

    def hidden(self, read, memory, keys, mask, state):
        """Contexts and states at every step, (batch, steps, 2 units)."""
        x, state = self.drop(self.target(read)), state[None]
        if self.kind != "bahdanau":
            y, state = self.decoder(x, state)
            return torch.cat([self.attend(y, memory, keys, mask), y], -1), state[0]
        steps = []
        for t in range(read.shape[1]):
            context = self.attend(state.transpose(0, 1), memory, keys, mask)
            y, state = self.decoder(torch.cat([x[:, t : t + 1], context], -1), state)
            steps.append(torch.cat([context, y], -1))
        return torch.cat(steps, 1), state[0]

    def loss(self, source, read, answer):
        hidden, _ = self.hidden(read, *self.encode(source))
        real = answer != 0
        readouts = self.drop(torch.tanh(self.readout(hidden[real])))
        return nn.functional.cross_entropy(
            self.output(readouts), answer[real], label_smoothing=self.smoothing
        )


def tensors(batches):
    return [tuple(torch.from_numpy(a.astype(np.int64)) for a in batch) for batch in batches]


def loss_and_gradient(settings, weights, source, read, answer):
    """The mean loss of a batch, and the gradient of every weight, in PyTorch's layout."""
    network = Network(settings).double()
    network.take(weights)
    loss = network.loss(*tensors([(source, read, answer)])[0])
    loss.backward()
    return float(loss.detach()), {name: network.named()[name][0].grad.numpy() for name in weights}


def prepare(settings, weights, batches):
    """Keep the fastest of padded and packed batches and of the numbers of threads."""
    data, found = tensors(batches), []
    for packed in (False, True):
        network = Network({**settings, "packed": packed})
        network.take(weights)
        network.train()
        optimizer = torch.optim.Adam(network.parameters(), 1e-3, fused=True)

        def step(batch, network=network, optimizer=optimizer):
            optimizer.zero_grad()
            network.loss(*batch).backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()

        for threads in sorted({1, len(os.sched_getaffinity(0))}):
            torch.set_num_threads(threads)
            step(data[0])
            way = f"{'packed' if packed else 'padded'}, {threads} threads"
            found.append((milliseconds(step, data[:2]), threads, way, step))
    best, threads, way, step = min(found, key=lambda each: each[0])
    _ready.update(step=step, data=data, threads=threads)
    return way, best


def measure():
    """Milliseconds of a step, on the average over all batches."""
    torch.set_num_threads(_ready["threads"])
    return milliseconds(_ready["step"], _ready["data"])


def milliseconds(step, batches):
    begin = time.perf_counter()
    for batch in batches:
        step(batch)
    return (time.perf_counter() - begin) / len(batches) * 1e3


def decode(settings, weights, sources, beams, limits, penalty, dtype="float32"):
    """Beam search, one sentence after the other, the beams of each as one batch.

    Returns the words of each, and the seconds that all took.
    """
    network = Network(settings).to(getattr(torch, dtype))
    network.take(weights)
    network.eval()
    begin = time.perf_counter()
    with torch.inference_mode():
        found = [
            search(network, source, beams, limit, penalty)
            for source, limit in zip(sources, limits, strict=True)
        ]
    return found, time.perf_counter() - begin


def search(network, source, beams, limit, penalty):
    memory, keys, mask, state = network.encode(torch.tensor([source]))
    words, totals = torch.tensor([[START]]), torch.zeros(1)
    best, best_score, width = None, -math.inf, beams
    for step in range(1, limit + 1):
        rows = len(words)
        shared = [a.expand(rows, *a.shape[1:]) for a in (memory, keys, mask)]
        hidden, state = network.hidden(words[:, -1:], *shared, state)
        logs = torch.log_softmax(network.output(torch.tanh(network.readout(hidden[:, 0]))), -1)
        logs[:, :END] = -math.inf
        ways = (totals[:, None] + logs).flatten()
        totals, chosen = ways.topk(min(width, len(ways)))
        parents, last = chosen // logs.shape[1], chosen % logs.shape[1]
        words = torch.cat([words[parents], last[:, None]], 1)
        state = state[parents]
        ended = (last == END) | (step == limit)
        for row in ended.nonzero()[:, 0].tolist():
            score = float(totals[row]) / step**penalty
            if score > best_score:
                best, best_score = words[row, 1:].tolist(), score
        width -= int(ended.sum())
        words, totals, state = words[~ended], totals[~ended], state[~ended]
        if width == 0 or float(totals.max()) / limit**penalty <= best_score:
            break
    return best
