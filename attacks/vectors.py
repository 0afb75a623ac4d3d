"""Files of word vectors that lie about sizes, unpack without end, or carry code.

`python -m attacks.vectors` builds them, reads them as `leftfold.vectors` does, and tells what
happened; `--json` prints a line for each.
"""

from __future__ import annotations

import gzip
import io
import json
import pickle
import resource
import struct
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from attacks import CANARY
from leftfold.datasets.errors import DataError
from leftfold.vectors import WordVectors

ATTACKS: dict[str, Callable[[Path], Path]] = {}


def attack(build: Callable[[Path], Path]) -> Callable[[Path], Path]:
    """Put a function among the attacks, under its own name."""
    ATTACKS[build.__name__] = build
    return build


def written(folder: Path, name: str, content: bytes) -> Path:
    """A file with this content."""
    path = folder / name
    path.write_bytes(content)
    return path


def packed(folder: Path, name: str, block: bytes, times: int) -> Path:
    """A file packed by gzip that is one block over and over."""
    with gzip.open(folder / name, "wb", 1) as file:
        for _ in range(times):
            file.write(block)
    return folder / name


@attack
def text_that_announces_a_quintillion_vectors(folder: Path) -> Path:
    """Whoever makes room for them first has none."""
    return written(folder, "a.vec", b"1000000000000000000 100\ngood " + b"1 " * 100 + b"\n")


@attack
def text_that_announces_a_billion_dimensions(folder: Path) -> Path:
    """The same by the other number."""
    return written(folder, "a.vec", b"1 1000000000\ngood 1 2\n")


@attack
def text_of_one_line_without_end(folder: Path) -> Path:
    """A megabyte that unpacks to a line of 256."""
    return packed(folder, "a.txt.gz", b"1 " * (1 << 19), 256)


@attack
def text_of_blank_lines_without_end(folder: Path) -> Path:
    """Lines that cost nothing to pack and something to skip."""
    return packed(folder, "a.txt.gz", b"\n" * (1 << 20), 256)


@attack
def text_of_the_same_line_without_end(folder: Path) -> Path:
    """Sound lines, all of the same word."""
    return packed(folder, "a.txt.gz", b"good 1 2 3 4\n" * (1 << 16), 256)


@attack
def text_of_a_number_with_a_million_digits(folder: Path) -> Path:
    """Turning digits into a number can take the square of their count."""
    return written(folder, "a.txt", b"good 1." + b"1" * 300_000 + b"\n" + b"bad 1e" + b"9" * 99)


@attack
def binary_that_announces_a_quintillion_vectors(folder: Path) -> Path:
    """As in text."""
    return written(folder, "a.bin", b"1000000000000000000 2\na " + bytes(8))


@attack
def binary_that_announces_a_billion_dimensions(folder: Path) -> Path:
    """As in text."""
    return written(folder, "a.bin", b"2 1000000000\na " + bytes(8))


@attack
def binary_of_a_word_without_end(folder: Path) -> Path:
    """No blank ever ends the first word."""
    return packed(folder, "a.bin.gz", b"9 9\n" + b"a" * (1 << 20), 256)


@attack
def binary_with_a_header_without_end(folder: Path) -> Path:
    """No line feed ever ends the first line."""
    return packed(folder, "a.bin.gz", b"9" * (1 << 20), 256)


def arrays(folder: Path, compressed: bool = False, **changes: bytes | np.ndarray | None) -> Path:
    """An `.npz` of two vectors with members changed or, by `None`, left out."""
    sound: dict[str, Any] = {
        "matrix": np.ones((2, 3), np.float32),
        "tokens": np.frombuffer(b"ab", np.uint8),
        "token_ends": np.array([1, 2]),
    }
    kind = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(folder / "a.npz", "w", kind) as archive:
        for name, value in (sound | changes).items():
            if isinstance(value, bytes):
                archive.writestr(f"{name}.npy", value)
            elif value is not None:
                buffer = io.BytesIO()
                np.save(buffer, value, allow_pickle=True)
                archive.writestr(f"{name}.npy", buffer.getvalue())
    return folder / "a.npz"


def npy(header: str, data: bytes = b"") -> bytes:
    """An array in a file, with a header of one's own."""
    text = header.encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


class _Touch:
    """Creates a file when it is unpickled."""

    def __reduce__(self) -> Any:
        return open, (CANARY, "w")


@attack
def npz_with_code_in_a_pickle(folder: Path) -> Path:
    """An array of objects is a pickle, which runs what it names."""
    header = "{'descr': '|O', 'fortran_order': False, 'shape': (2, 3)}"
    return arrays(folder, matrix=npy(header, pickle.dumps(_Touch())))


@attack
def npz_with_a_shape_of_terabytes(folder: Path) -> Path:
    """The shape does not fit the bytes behind it."""
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000)}"
    return arrays(folder, matrix=npy(header, bytes(24)))


@attack
def npz_with_a_negative_shape(folder: Path) -> Path:
    """Two negative sizes make a positive number of elements."""
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -3)}"
    return arrays(folder, matrix=npy(header, bytes(24)))


@attack
def npz_with_a_header_of_nested_brackets(folder: Path) -> Path:
    """The header is an expression, which a parser descends into."""
    text = b"[" * 60_000 + b"\n"
    return arrays(folder, matrix=b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text)


@attack
def npz_that_unpacks_to_much(folder: Path) -> Path:
    """Zeros without end."""
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 33554432)}"
    return arrays(folder, compressed=True, matrix=npy(header, bytes(1 << 28)))


@attack
def npz_whose_tokens_end_outside(folder: Path) -> Path:
    """The last token ends far behind the text."""
    return arrays(folder, token_ends=np.array([1, 1 << 60]))


@attack
def npz_whose_tokens_end_before_they_begin(folder: Path) -> Path:
    """Places that go back."""
    return arrays(folder, token_ends=np.array([5, 2]))


@attack
def npz_without_a_matrix(folder: Path) -> Path:
    """A member is missing."""
    return arrays(folder, matrix=None)


def tensors(folder: Path, header: dict[str, Any], data: bytes, length: int | None = None) -> Path:
    """A safetensors file that says of its header's length what is asked for."""
    text = json.dumps(header).encode()
    begin = struct.pack("<Q", len(text) if length is None else length)
    return written(folder, "a.safetensors", begin + text + data)


@attack
def safetensors_with_a_header_of_exabytes(folder: Path) -> Path:
    """The first number says how much to read."""
    return tensors(folder, {}, b"", 1 << 62)


@attack
def safetensors_with_a_shape_of_terabytes(folder: Path) -> Path:
    """The shape does not fit the place."""
    matrix = {"dtype": "F32", "shape": [1000000, 1000000], "data_offsets": [0, 24]}
    return tensors(folder, {"matrix": matrix}, bytes(24))


@attack
def safetensors_whose_tokens_end_outside(folder: Path) -> Path:
    """The last token ends far behind the text."""
    header = {
        "matrix": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]},
        "token_ends": {"dtype": "I64", "shape": [2], "data_offsets": [8, 24]},
        "tokens": {"dtype": "U8", "shape": [2], "data_offsets": [24, 26]},
    }
    return tensors(folder, header, bytes(8) + struct.pack("<qq", 1, 1 << 62) + b"ab")


@attack
def safetensors_with_tokens_of_another_type(folder: Path) -> Path:
    """Numbers where letters are expected."""
    header = {
        "matrix": {"dtype": "F32", "shape": [1, 1], "data_offsets": [0, 4]},
        "token_ends": {"dtype": "I64", "shape": [1], "data_offsets": [4, 12]},
        "tokens": {"dtype": "F32", "shape": [1], "data_offsets": [12, 16]},
    }
    return tensors(folder, header, bytes(16))


def outcome(name: str, mmap: bool = False) -> dict[str, Any]:
    """What reading one file came to, with seconds of processor time and megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = ATTACKS[name](Path(folder))
        before, start = _peak(), time.process_time()
        found: dict[str, Any] = {"attack": name, "mmap": mmap, "error": None, "crash": None}
        try:
            WordVectors.load(path, mmap=mmap)
        except DataError as error:
            found["error"] = str(error)
        except BaseException as error:
            found["crash"] = f"{type(error).__name__}: {error}"
        found["seconds"] = round(time.process_time() - start, 3)
        found["megabytes"] = round(_peak() - before, 1)
        found["canary"] = Path(CANARY).exists()
        return found


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """The command line."""
    for name in ATTACKS:
        mapped = name.startswith(("npz", "safetensors"))
        for mmap in (False, True) if mapped else (False,):
            found = outcome(name, mmap)
            told = found["crash"] or found["error"] or "no error"
            line = f"{name:44} {found['seconds']:6.3f} s {found['megabytes']:6.1f} MB  {told}"
            print(json.dumps(found) if "--json" in sys.argv else line, flush=True)


if __name__ == "__main__":
    main()
