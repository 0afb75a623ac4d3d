"""Damage sound files at random and open them: run by `test_damaged_files.py` in a process.

`python -m tests.saving.damage FILE SEED SECONDS` prints how many of the damaged files were
refused and how many were read, and stops at anything else: then `found-SEED-FILE` lies beside it.
"""

from __future__ import annotations

import faulthandler
import random
import sys
import tempfile
import time
import warnings
from pathlib import Path

from leftfold import models
from leftfold.interop import formats
from leftfold.saving import SavingError

MOST_SECONDS = 5.0
"""For one file, on a machine that may be busy."""


def damaged(content: bytes, chance: random.Random) -> bytes:
    """A copy cut off, with changed bytes or bits, a stretch of one value, or a part doubled."""
    kind = chance.randrange(5)
    changed = bytearray(content)
    at = chance.randrange(len(changed))
    if kind == 0:
        del changed[at:]
    elif kind == 1:
        for _ in range(chance.randint(1, 8)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    elif kind == 2:
        changed[at] ^= 1 << chance.randrange(8)
    elif kind == 3:
        changed[at : at + 8] = bytes([chance.choice((0, 1, 127, 255))] * 8)
    else:
        changed[at:at] = changed[at : at + chance.randint(1, 64)]
    return bytes(changed)


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
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            path.write_bytes(damaged(content, chance))
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
