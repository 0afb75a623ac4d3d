"""Build every file, open it, and tell what happened.

`--json` prints one line for each attack; names as arguments choose some.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import resource
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
from leftfold.interop import formats
from leftfold.interop.onnx import OnnxModel, import_onnx
from leftfold.saving import SavingError


def outcomes(names: list[str]) -> Iterator[dict[str, Any]]:
    """For each attack and each of loading and looking: error, seconds, growth of the memory.

    Seconds are of processor time.
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
        for action in (_load, formats.describe):
            yield {"attack": name, "action": action.__name__.strip("_"), **_try(action, path)}
        if sorted(Path(outer).rglob("*")) != before or Path(CANARY).exists():
            yield {"attack": name, "action": "files", "error": None, "crash": "wrote a file"}


def _load(path: Path) -> Any:
    """Load a model, or weights into the sound one; run what is a graph."""
    if path.suffix == ".onnx":
        return _run(import_onnx(path))
    if formats.format_of(path).read:
        return formats.convert(path, path.with_name("converted.keras"))
    return honest.model().load_weights(path)


def _run(model: OnnxModel) -> Any:
    """Compute with ones; sizes that are open are 1."""
    given = {
        value.name: np.ones(
            [n if isinstance(n, int) else 1 for n in value.shape or ()], value.dtype
        )
        for value in model.inputs
    }
    try:
        return model.run(given)
    except ValueError as error:
        raise SavingError(f"the model cannot be run: {error}") from error


def _try(action: Any, path: Path) -> dict[str, Any]:
    memory, start = _peak(), time.process_time()
    found: dict[str, Any] = {"error": None, "crash": None}
    try:
        action(path)
    except (SavingError, ImportError) as error:  # PyTorch's own files need PyTorch
        found["error"] = str(error)
    except BaseException as error:
        found["crash"] = f"{type(error).__name__}: {error}"
    found["seconds"] = round(time.process_time() - start, 3)
    return found | {"megabytes": round(_peak() - memory, 1)}


def _peak() -> float:
    """The most memory that this process ever held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


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
            cost = f"{found.get('seconds', 0):7.3f} s {found.get('megabytes', 0):7.1f} MB"
            print(f"{found['attack']:40} {found['action']:9} {cost}  {told}", flush=True)
    if "--json" not in sys.argv:
        print(_summary(told_all))


def _summary(outcomes: list[dict[str, Any]]) -> str:
    loads = [found for found in outcomes if found["action"] == "load"]
    refused = sum(found["error"] is not None for found in loads)
    seconds = max(found.get("seconds", 0) for found in outcomes)
    megabytes = max(found.get("megabytes", 0) for found in outcomes)
    return (
        f"{refused} of {len(loads)} files refused; at most {seconds:.2f} s of processor time and "
        f"{megabytes:.0f} MB of memory for one."
    )


if __name__ == "__main__":
    main()
