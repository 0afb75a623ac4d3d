"""`python -m benchmarks.translation`: an encoder-decoder with attention, trained and decoded.

Batches have the lengths of short sentences; words are drawn from a vocabulary of the size of a
small corpus. Training: one step of Leftfold's `EncoderDecoder`, of the same model in PyTorch,
padded or packed, whichever is faster, and in Keras. Decoding: a beam of five for the same
sentences with the same weights, in PyTorch step by step, one sentence after the other.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure
from benchmarks.__main__ import say
from leftfold import models, optimizers, streaming, utils
from leftfold.engine import config, kernels
from leftfold.models import EncoderDecoder
from tools.peers import PeerError, Worker

SETTINGS: dict[str, Any] = {
    "source_size": 8000,
    "target_size": 6000,
    "embedding_size": 256,
    "units": 512,
    "attention": "luong-general",
    "dropout": 0.3,
    "label_smoothing": 0.1,
}
PEERS = {
    "torch": measure.ADAPTERS / "translation_torch.py",
    "keras-tensorflow": measure.ADAPTERS / "translation_keras_api.py",
    "keras-jax": measure.ADAPTERS / "translation_keras_api.py",
}
BEAMS, PENALTY = 5, 1.0


def weights_of(model: EncoderDecoder) -> dict[str, np.ndarray]:
    """The weights of a model of one GRU on each side, by the names the adapter for PyTorch uses."""
    encoder, decoder = model.encoder, model.decoder
    (both,), (layer,), (bridge,) = encoder.stack, decoder.stack, decoder.bridges
    assert decoder.output_kernel is not None
    found = {
        "source": encoder.embedding.embeddings,
        "target": decoder.embedding.embeddings,
        "bridge.kernel": bridge.kernel,
        "bridge.bias": bridge.bias,
        "readout.kernel": decoder.readout.kernel,
        "readout.bias": decoder.readout.bias,
        "output.kernel": decoder.output_kernel,
        "output.bias": decoder.output_bias,
    }
    attention = decoder.attention
    if attention is not None and attention.of_memory is not None:
        found["of_memory"] = attention.of_memory.kernel
    if attention is not None and attention.of_query is not None:
        found |= {"of_query": attention.of_query.kernel, "v": attention.v}
    arrays = {name: np.array(variable) for name, variable in found.items()}
    for name, gru in (
        ("forward", both.forward_layer),
        ("backward", both.backward_layer),
        ("decoder", layer),
    ):
        arrays[f"{name}.kernel"] = np.array(gru.kernel)
        arrays[f"{name}.recurrent"] = np.array(gru.recurrent_kernel)
        arrays[f"{name}.bias_x"], arrays[f"{name}.bias_h"] = np.array(gru.bias)
    return arrays


def sentences(count: int, vocabulary: int, random: np.random.Generator) -> list[list[int]]:
    """Rows of ids, of lengths around thirteen as in captions, frequent words more often."""
    lengths = np.clip(random.normal(13, 4, count).round().astype(int), 3, 35)
    draws = [(3 + (vocabulary - 3) * random.random(n) ** 3).astype(int).tolist() for n in lengths]
    return draws


def training(contestants: list[str], batch_size: int, count: int, rounds: int) -> dict[str, Any]:
    """Milliseconds of a step for every contestant, in turns; medians."""
    random = np.random.default_rng(0)
    utils.set_random_seed(1)
    model = models.EncoderDecoder(**SETTINGS)
    model.compile(optimizers.Adam(1e-3, global_clipnorm=1.0))
    rows = count * batch_size
    source = sentences(rows, SETTINGS["source_size"], random)
    target = sentences(rows, SETTINGS["target_size"], random)
    target = [(t * 12)[: len(s)] for s, t in zip(source, target, strict=True)]
    batches = model._batches(source, target, batch_size, False, True)
    pairs = [batches[i] for i in range(len(batches))]
    given = [(s, *model.shifted(t)) for s, t in pairs]

    def ours() -> float:
        begin = time.perf_counter()
        for pair in pairs:
            model.train_on_batch(*pair)
        return (time.perf_counter() - begin) / len(pairs) * 1e3

    workers: dict[str, Worker] = {}
    times: dict[str, list[float]] = {"leftfold": []}
    ways = {"leftfold": "padding left out"}
    ours()
    try:
        for name in contestants:
            say(f"training: {name} warms up")
            workers[name] = Worker(name, PEERS[name])
            ways[name], _ = workers[name].call("prepare", SETTINGS, weights_of(model), given)
            times[name] = []
        for turn in range(rounds):
            for name in times if turn % 2 else reversed(times):
                times[name].append(ours() if name == "leftfold" else workers[name].call("measure"))
    finally:
        for worker in workers.values():
            worker.close()
    return {
        "milliseconds": {name: statistics.median(each) for name, each in times.items()},
        "ways": ways,
        "words_per_step": sum(len(t) + 1 for t in target) / count,
    }


def decoding(contestants: list[str], count: int) -> dict[str, Any]:
    """Seconds of a beam search over the same sentences, and how many results agree."""
    random = np.random.default_rng(2)
    utils.set_random_seed(1)
    model = models.EncoderDecoder(**SETTINGS)
    bias = np.zeros(SETTINGS["target_size"], np.float32)
    bias[model.END] = -1e9  # nothing was learnt: each target becomes as long as its source
    model.decoder.output_bias.assign(bias)
    source = sentences(count, SETTINGS["source_size"], random)
    limits = [len(row) + 1 for row in source]
    streaming.decode(model, source[:8], beams=BEAMS, max_length=limits[:8])
    begin = time.perf_counter()
    found = streaming.decode(model, source, beams=BEAMS, max_length=limits, length_penalty=PENALTY)
    seconds = {"leftfold": time.perf_counter() - begin}
    agreeing = {}
    words = [[*f.tokens, *([model.END] if f.finished else [])] for f in found]
    if "torch" in contestants:
        with Worker("torch", PEERS["torch"]) as worker:
            arguments = SETTINGS, weights_of(model), source, BEAMS, limits, PENALTY
            theirs, seconds["torch"] = worker.call("decode", *arguments)
        agreeing["torch"] = float(np.mean([a == b for a, b in zip(words, theirs, strict=True)]))
    mean = float(np.mean([len(row) for row in words]))
    return {"seconds": seconds, "agreeing": agreeing, "sentences": count, "words": mean}


def available(contestants: list[str]) -> list[str]:
    """Those that are installed."""
    found = []
    for name in contestants:
        try:
            with Worker(name, PEERS[name]) as worker:
                worker.call("versions", name)
            found.append(name)
        except (OSError, PeerError) as error:
            say(f"{name} does not take part: {str(error).strip().splitlines()[-1]}")
    return found


def report(results: dict[str, Any]) -> None:
    """Print both tables."""
    training, decoding = results["training"], results["decoding"]
    print(
        f"training, {training['words_per_step']:.0f} target words a step; {results['isa']}, "
        f"{results['threads']} threads"
    )
    ours = training["milliseconds"]["leftfold"]
    for name, ms in training["milliseconds"].items():
        rate = training["words_per_step"] / ms * 1e3
        way = training["ways"][name]
        print(f"{name:18}{ms:10.1f} ms{rate:10.0f} words/s{ms / ours:8.2f}x  {way}")
    print(
        f"beams of {BEAMS}, {decoding['sentences']} sentences, {decoding['words']:.1f} words each"
    )
    for name, seconds in decoding["seconds"].items():
        agreeing = decoding["agreeing"].get(name)
        same = "" if agreeing is None else f"  {agreeing:.1%} the same"
        print(f"{name:18}{seconds:10.2f} s{seconds / decoding['seconds']['leftfold']:16.2f}x{same}")


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.translation", description=__doc__)
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--batches", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sentences", type=int, default=1000)
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parent / "results" / "translation.json"
    )
    chosen = parser.parse_args()
    peers = available(chosen.peers)
    results = {
        "isa": kernels.isa(),
        "threads": config.threads(),
        "training": training(peers, chosen.batch_size, chosen.batches, chosen.rounds),
        "decoding": decoding(peers, chosen.sentences),
    }
    measure.save(results, chosen.output)
    report(results)


if __name__ == "__main__":
    main()
