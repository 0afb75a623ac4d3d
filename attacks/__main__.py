"""Build every file, open it, and tell what happened.

`--json` prints one line for each attack; names as arguments choose some.
"""

from __future__ import annotations

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

from attacks import ATTACKS, CANARY, honest
from attacks.building import build
from leftfold.interop import formats
from leftfold.saving import SavingError


def outcomes(names: list[str]) -> Iterator[dict[str, Any]]:
    """For each attack and each of loading and looking: error, seconds, growth of the memory."""
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
        if sorted(Path(outer).rglob("*")) != before or (Path(outer) / CANARY).exists():
            yield {"attack": name, "action": "files", "error": None, "crash": "wrote a file"}


def _load(path: Path) -> Any:
    """Load a model, or weights into the sound one."""
    if formats.format_of(path).read:
        return formats.convert(path, path.with_name("converted.keras"))
    return honest.model().load_weights(path)


def _try(action: Any, path: Path) -> dict[str, Any]:
    memory, start = _peak(), time.perf_counter()
    found: dict[str, Any] = {"error": None, "crash": None}
    try:
        action(path)
    except SavingError as error:
        found["error"] = str(error)
    except BaseException as error:
        found["crash"] = f"{type(error).__name__}: {error}"
    found["seconds"] = round(time.perf_counter() - start, 3)
    return found | {"megabytes": round(_peak() - memory, 1)}


def _peak() -> float:
    """The most memory that this process ever held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """The command line."""
    warnings.simplefilter("ignore")
    names = [name for name in sys.argv[1:] if not name.startswith("-")]
    for found in outcomes(names):
        if "--json" in sys.argv:
            print(json.dumps(found), flush=True)
        else:
            told = found["crash"] or found["error"] or "no error"
            cost = f"{found.get('seconds', 0):7.3f} s {found.get('megabytes', 0):7.1f} MB"
            print(f"{found['attack']:40} {found['action']:9} {cost}  {told}", flush=True)


if __name__ == "__main__":
    main()
