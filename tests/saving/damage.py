"""Damage sound files at random and open them: run by `test_damaged_files.py` in a process.

`python -m tests.saving.damage FILE SEED SECONDS` damages and opens for so many seconds of processor
time, prints how many files were refused and how many were read, and stops at anything else: then
`found-SEED-FILE` lies beside it.
"""

from __future__ import annotations

import faulthandler
import random
import sys
import tempfile
import time
import warnings
from pathlib import Path

from attacks.damaging import damaged_bytes
from leftfold import models
from leftfold.interop import formats
from leftfold.saving import SavingError

MOST_SECONDS = 5.0
"""For one file, on a machine that may be busy."""


def main() -> None:
    """The command line."""
    faulthandler.enable()
    warnings.simplefilter("ignore")
    source, seed, seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    content, chance = source.read_bytes(), random.Random(seed)
    model, counts = models.load_model(source.with_name("model.keras")), [0, 0]
    load = models.load_model if formats.format_of(source).read else model.load_weights
    kept = source.with_name(f"found-{seed}-{source.name}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / source.name
        end = time.process_time() + seconds
        while time.process_time() < end:
            path.write_bytes(damaged_bytes(content, chance))
            kept.write_bytes(path.read_bytes())
            start = time.monotonic()
            for act in (formats.describe, load):
                try:
                    act(str(path))
                    counts[1] += 1
                except SavingError as error:
                    assert "\n" not in str(error), error
                    counts[0] += 1
                assert time.monotonic() - start < MOST_SECONDS, act
    kept.unlink()
    print(*counts)


if __name__ == "__main__":
    main()
