"""The files that fuzzing starts from, those that it found, and a few spoilt ones in every run."""

from __future__ import annotations

import random
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attacks import fuzz
from attacks.damaging import damaged
from leftfold.interop import formats

SOUND = [path for path in fuzz.corpus() if not path.name.startswith("found-")]
HARMFUL = [path for path in fuzz.corpus() if path.name.startswith("found-")]
FOREIGN = [path for path in SOUND if path.suffix in (".onnx", ".safetensors")]


@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.name)
def test_the_corpus_is_sound(path: Path) -> None:
    assert fuzz.open_once(formats.describe, path) == "read"
    if path.suffix != ".safetensors":  # an activation is left open there
        assert fuzz.open_once(fuzz.load, path) == "read"


@pytest.mark.parametrize("path", HARMFUL, ids=lambda path: path.name)
def test_what_once_did_harm_is_refused_in_one_line(path: Path) -> None:
    assert fuzz.open_once(fuzz.load, path) == "refused"
    fuzz.open_once(formats.describe, path)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(which=st.sampled_from(FOREIGN), seed=st.integers(0, 1 << 32))
def test_spoilt_foreign_files_are_read_or_refused(which: Path, seed: int, tmp_path: Path) -> None:
    path = tmp_path / which.name
    path.write_bytes(damaged(which.name, which.read_bytes(), random.Random(seed)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for action in (formats.describe, fuzz.load):
            assert fuzz.open_once(action, path) in ("read", "refused")
