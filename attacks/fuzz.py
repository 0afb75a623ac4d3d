"""`python -m attacks.fuzz --minutes 10`: spoil the files of `corpus/` at random, and open them.

Each spoilt file is looked into and loaded, ONNX graphs are run as well. It must be read or refused
by an error of one line, in seconds; a process that crashes, hangs or says anything else leaves the
file in `found/` and another goes on. `--write-corpus` makes the sound files anew; files that once
did harm are put beside them and stay.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import json
import random
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

from attacks import honest
from attacks.__main__ import load as load_graph
from attacks.damaging import damaged
from attacks.limits import limit_memory
from leftfold import models
from leftfold.interop import formats, torch
from leftfold.saving import SavingError

HERE = Path(__file__).parent
CORPUS, FOUND = HERE / "corpus", HERE / "found"
MOST_SECONDS = 5.0
"""Of processor time, for one file."""
MOST_GIGABYTES = 4
ROUND_SECONDS = 60.0
START_SECONDS = 300.0
"""For a process to begin, on a machine that may be busy, or to be given up."""


def corpus() -> list[Path]:
    """The sound files, and those that once did harm."""
    return sorted(path for path in CORPUS.iterdir() if path.suffix != ".md")


def work(seed: int, seconds: float, current: Path) -> Counter[str]:
    """Spoil and open files for a while; counts what happened by format."""
    chance, counts = random.Random(seed), Counter[str]()
    files = {path: path.read_bytes() for path in corpus()}
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            source = chance.choice(list(files))
            path = Path(folder) / source.name
            path.write_bytes(damaged(source.name, files[source], chance))
            current.write_bytes(path.read_bytes())
            current.with_suffix(".name").write_text(source.name, encoding="utf-8")
            kind = formats.format_of(path).name
            start = time.process_time()
            for action in (formats.describe, load):
                counts[f"{kind}: {open_once(action, path)}"] += 1
            if time.process_time() - start > MOST_SECONDS:
                raise TimeoutError(f"it took {time.process_time() - start:.1f} s")
    return counts


def open_once(action: Any, path: Path) -> str:
    """Whether a file was read or refused; anything else is an error."""
    try:
        action(path)
    except SavingError as error:
        if "\n" in str(error):
            raise AssertionError(f"more than one line: {error}") from error
        return "refused"
    return "read"


def load(path: Path) -> Any:
    """Load a model, or weights into the model they belong to; run what is a graph.

    Of a graph, layers are made as well, whose refusal is as good as their making.
    """
    if path.suffix == ".onnx":
        with contextlib.suppress(SavingError), tempfile.TemporaryDirectory() as folder:
            formats.convert(path, Path(folder) / "converted.keras")
        return load_graph(path)
    if path.name.endswith(".weights.h5"):
        return honest.model().load_weights(path)
    if path.suffix != ".safetensors":
        return models.load_model(path)
    try:
        return torch.model_from_state(path)
    except ValueError as error:
        raise SavingError(f"no model comes of {path}: {error}") from error


def run(minutes: float, seed: int) -> int:
    """Processes one after the other until the time is over; returns the number of finds."""
    FOUND.mkdir(exist_ok=True)
    total, finds, end = Counter[str](), 0, time.monotonic() + 60 * minutes
    while (left := end - time.monotonic()) > 0:
        seconds = min(ROUND_SECONDS, left)
        command = [sys.executable, "-m", "attacks.fuzz", "--worker", str(seed), str(seconds)]
        try:
            worker = subprocess.run(
                command,
                cwd=HERE.parent,
                capture_output=True,
                text=True,
                timeout=seconds + START_SECONDS,
            )
            code, told = worker.returncode, worker.stderr
        except subprocess.TimeoutExpired:
            code, told = 1, "it hangs"
        if code:
            finds += 1
            print(f"seed {seed}: {_keep(seed)}\n{told[-1500:]}", flush=True)
        else:
            total.update(json.loads(worker.stdout))
        seed += 1
    for kind, count in sorted(total.items()):
        print(f"{kind:40} {count:10,}")
    print(f"{sum(total.values()):,} openings in {minutes:g} minutes, {finds} finds")
    return finds


def _keep(seed: int) -> str:
    """Move the file that did harm to where it is found; tells where."""
    current = FOUND / "current"
    if not current.with_suffix(".name").exists():
        return "no file was open yet"
    name = current.with_suffix(".name").read_text(encoding="utf-8")
    current.with_suffix(".name").unlink()
    return str(current.rename(FOUND / f"{seed}-{name}"))


def write_corpus() -> None:
    """Small sound files of all formats."""
    from leftfold import Input, Model, Sequential, layers
    from leftfold.interop.onnx import export_onnx

    CORPUS.mkdir(exist_ok=True)
    x = Input((3,), dtype="int32", name="words")
    read = layers.Bidirectional(layers.LSTM(2))(layers.Embedding(5, 2, mask_zero=True)(x))
    model = Model(x, layers.Dense(1, name="out")(read))
    model.compile("sgd", "mse")
    steps = Sequential(
        [Input((None, 2)), layers.Conv1D(2, 2), layers.GRU(2, return_sequences=True),
         layers.LayerNormalization(), layers.SimpleRNN(2, activation="relu")]
    )  # fmt: skip
    for ending in ("keras", "h5"):
        model.save(CORPUS / f"words.{ending}")
    honest.model().save_weights(CORPUS / "model.weights.h5")
    torch.write_state(CORPUS / "steps.safetensors", torch.state_dict(steps))
    export_onnx(model, CORPUS / "words.onnx")
    export_onnx(steps, CORPUS / "steps.onnx", states=True)
    export_onnx(steps, CORPUS / "small.onnx", weights="int8")
    steps.quantize("int8")
    steps.save(CORPUS / "small.keras")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m attacks.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long")
    parser.add_argument("--seed", type=int, default=0, help="of the first process")
    parser.add_argument("--write-corpus", action="store_true", help="make the sound files anew")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.write_corpus:
        write_corpus()
        return 0
    if not chosen.worker:
        return 1 if run(chosen.minutes, chosen.seed) else 0
    faulthandler.enable()
    warnings.simplefilter("ignore")
    limit_memory(MOST_GIGABYTES)
    seed, seconds = chosen.worker
    print(json.dumps(work(int(seed), float(seconds), FOUND / "current")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
