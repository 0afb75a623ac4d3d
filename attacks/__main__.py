"""Build every file, open it, and tell what happened.

`--json` prints one line for each attack; names as arguments choose some.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from attacks import ATTACKS, CANARY, honest
from attacks.building import build
from attacks.limits import peak_megabytes
from leftfold.interop import formats
from leftfold.interop.onnx import OnnxModel, import_onnx
from leftfold.saving import SavingError

_LARGEST_SIZE = 64
"""Of an axis of an input, which whoever runs a graph chooses."""


def outcomes(names: list[str]) -> Iterator[dict[str, Any]]:
    """For each attack and each of loading and looking: error, seconds, growth of the memory.

    Seconds are of processor time; memory is `None` where the system does not tell. What is a graph
    is run when it is loaded, and made into layers besides.
    """
    for package in ("onnx", "safetensors", "torch"):  # what importing them costs is not the file's
        with contextlib.suppress(ImportError):
            importlib.import_module(package)
    # Another process builds the files, so that its memory does not count.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as builder:
        for name in names or ATTACKS:
            yield from _outcomes(name, builder)


def _outcomes(name: str, builder: ProcessPoolExecutor) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as outer:
        folder = Path(outer) / "files"
        folder.mkdir()
        path = builder.submit(build, name, str(folder)).result()
        before = sorted(Path(outer).rglob("*"))
        actions = [load, formats.describe, *([layers] if path.suffix == ".onnx" else [])]
        for action in actions:
            yield {"attack": name, "action": action.__name__, **_try(action, path)}
        if sorted(Path(outer).rglob("*")) != before or Path(CANARY).exists():
            yield {"attack": name, "action": "files", "error": None, "crash": "wrote a file"}


def load(path: Path) -> Any:
    """Load a model, or weights into the sound one; run what is a graph."""
    if path.suffix == ".onnx":
        return _run(import_onnx(path))
    if formats.format_of(path).read:
        return formats.convert(path, path.with_name("converted.keras"))
    return honest.model().load_weights(path)


def layers(path: Path) -> Any:
    """Make a model of layers of a graph."""
    return formats.convert(path, path.with_name("converted.keras"))


def _run(model: OnnxModel) -> Any:
    """Compute with ones; sizes that are open, or large, are 2."""
    try:
        return model.run(
            {
                value.name: np.ones([_size(n) for n in value.shape or ()], value.dtype)
                for value in model.inputs
            }
        )
    except ValueError as error:
        raise SavingError(f"the model cannot be run: {error}") from error


def _size(stated: int | str | None) -> int:
    return stated if isinstance(stated, int) and stated <= _LARGEST_SIZE else 2


def _try(action: Any, path: Path) -> dict[str, Any]:
    memory, start = peak_megabytes(), time.process_time()
    found: dict[str, Any] = {"error": None, "crash": None}
    try:
        action(path)
    except (SavingError, ImportError) as error:  # PyTorch's own files need PyTorch
        found["error"] = str(error)
    except BaseException as error:
        found["crash"] = f"{type(error).__name__}: {error}"
    found["seconds"] = round(time.process_time() - start, 3)
    path.with_name("converted.keras").unlink(missing_ok=True)
    now = peak_megabytes()
    grown = None if now is None or memory is None else round(now - memory, 1)
    return found | {"megabytes": grown}


def main() -> None:
    """The command line."""
    warnings.simplefilter("ignore")
    names = [name for name in sys.argv[1:] if not name.startswith("-")]
    told_all = []
    for found in outcomes(names):
        told_all.append(found)
        if "--json" in sys.argv:
            print(json.dumps(found), flush=True)
        else:
            told = found["crash"] or found["error"] or "no error"
            grown = found.get("megabytes")
            cost = f"{found.get('seconds', 0):7.3f} s {'?' if grown is None else grown:>7} MB"
            print(f"{found['attack']:40} {found['action']:9} {cost}  {told}", flush=True)
    if "--json" not in sys.argv:
        print(_summary(told_all))


def _summary(outcomes: list[dict[str, Any]]) -> str:
    loads = [found for found in outcomes if found["action"] == "load"]
    refused = sum(found["error"] is not None for found in loads)
    seconds = max(found.get("seconds", 0) for found in outcomes)
    grown = [found["megabytes"] for found in outcomes if found.get("megabytes") is not None]
    memory = f"{max(grown):.0f} MB of memory" if grown else "memory that this system does not tell"
    return (
        f"{refused} of {len(loads)} files refused; at most {seconds:.2f} s of processor time and "
        f"{memory} for one."
    )


if __name__ == "__main__":
    main()
