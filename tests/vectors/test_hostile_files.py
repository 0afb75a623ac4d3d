"""Files of vectors that try to do harm, or were spoilt at random: one line of error or none."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attacks.vectors import ATTACKS
from leftfold.datasets.errors import DataError
from leftfold.engine.kernels import kernel
from leftfold.engine.reference import parse_numbers
from leftfold.saving import SavingError
from leftfold.vectors import WordVectors
from leftfold.vectors.paragraphs import PvDbow
from leftfold.vectors.text_encoders import load_text_encoder

ROOT = Path(__file__).parents[2]
SECONDS, MEGABYTES = 2.0, 300.0


@pytest.fixture(scope="module")
def outcomes() -> dict[str, list[dict[str, Any]]]:
    command = [sys.executable, "-m", "attacks.vectors", "--json"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr[-2000:]
    found: dict[str, list[dict[str, Any]]] = {}
    for line in run.stdout.splitlines():
        told = json.loads(line)
        found.setdefault(told["attack"], []).append(told)
    return found


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_quickly_in_one_line(
    name: str, outcomes: dict[str, list[dict[str, Any]]]
) -> None:
    for told in outcomes[name]:
        assert told["crash"] is None and told["error"], told
        assert "\n" not in told["error"] and len(told["error"]) < 400, told
        assert told["seconds"] < SECONDS and told["megabytes"] < MEGABYTES, told
        assert not told["canary"], told


TOKENS = ["good", "na\u00efve", "bad", "film"]
VECTORS = WordVectors(TOKENS, np.random.default_rng(0).normal(size=(4, 3)))


def sound(name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return VECTORS.save(Path(folder) / name).read_bytes()


SOUND = {n: sound(n) for n in ("a.txt", "a.vec", "a.bin", "a.npz", "a.safetensors", "a.txt.gz")}
EDITS = st.lists(
    st.tuples(st.sampled_from(["change", "cut", "insert", "repeat"]), st.integers(0, 10**6),
              st.binary(min_size=1, max_size=4)),
    min_size=1, max_size=5,
)  # fmt: skip


def spoilt(content: bytes, edits: list[tuple[str, int, bytes]]) -> bytes:
    for kind, place, some in edits:
        at = place % (len(content) + 1)
        if kind == "change":
            content = content[:at] + some + content[at + len(some) :]
        elif kind == "cut":
            content = content[:at]
        elif kind == "insert":
            content = content[:at] + some + content[at:]
        else:
            content = content[:at] + content[at // 2 : at] + content[at:]
    return content


@pytest.mark.parametrize("name", SOUND)
@settings(max_examples=60, deadline=None)
@given(edits=EDITS)
def test_a_spoilt_file_is_read_or_refused_in_one_line(
    name: str, edits: list[tuple[str, int, bytes]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(spoilt(SOUND[name], edits))
        for options in ({}, {"skip_faults": True}, {"most": 2}):
            try:
                found = WordVectors.load(path, **options)
            except DataError as error:
                assert "\n" not in str(error)
            else:
                assert np.isfinite(found.matrix).all()
                assert len(set(found.tokens)) == len(found.tokens) == len(found.matrix)


@pytest.fixture(scope="module")
def encoder_file() -> bytes:
    pytest.importorskip("gensim")
    method = PvDbow(dimensions=3, min_count=1, epochs=1, threads=1)
    method.fit(["a good film", "a bad film"] * 3)
    with tempfile.TemporaryDirectory() as folder:
        return method.save(Path(folder) / "model.npz").read_bytes()


@settings(max_examples=60, deadline=None)
@given(edits=EDITS)
def test_a_spoilt_encoder_is_read_or_refused_in_one_line(
    encoder_file: bytes, edits: list[tuple[str, int, bytes]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.npz"
        path.write_bytes(spoilt(encoder_file, edits))
        try:
            load_text_encoder(path).infer(["a good film"])
        except (DataError, SavingError, ValueError) as error:
            assert "\n" not in str(error)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (
            ("a.txt", content),
            ("a.bin", b"2 2\n" + content),
            ("a.txt.gz", gzip.compress(content)),
        ):
            (Path(folder) / name).write_bytes(data)
            try:
                WordVectors.load(Path(folder) / name)
            except DataError as error:
                assert "\n" not in str(error)


NUMBERS = st.one_of(
    st.floats(width=32).map(repr),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=6).map(str),
    st.from_regex(r"[-+]?[0-9]{0,12}\.?[0-9]{0,12}(e[-+]?[0-9]{1,3})?", fullmatch=True),
    st.sampled_from(["1_0", "0x1", "--1", "1e", ".", "-", "1.2.3", "infinity", "\u0661", "1\x00"]),
)
BLANKS = st.sampled_from([" ", "  ", "\t", "\n", " \r\n"])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(NUMBERS, BLANKS), max_size=8), st.integers(-1, 1))
def test_numbers_in_text_are_what_python_makes_of_them(
    parts: list[tuple[str, str]], off: int
) -> None:
    text = "".join(number + blank for number, blank in parts).encode()
    count = max(0, len([number for number, _ in parts if number]) + off)
    expected = parse_numbers(text, count)
    found = kernel("parse_numbers")(text, count)
    if found is not None:  # the native kernel may leave some to the reference
        assert expected is not None
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))


def test_usual_numbers_are_not_left_to_the_reference() -> None:
    text = b"0.038194 -0.24487 1.2e-05 -3 0 12345.678 +.5 5. 123456789012345 1e22\n"
    np.testing.assert_array_equal(
        kernel("parse_numbers")(text, 10), np.array(text.split(), np.float32)
    )
    assert kernel("parse_numbers")(text, 9) is None
    assert kernel("parse_numbers")(b"1 2 x", 3) is None
    assert parse_numbers(b"nan 12345678901234567890", 2) is not None
