"""What tests of the native kernels share: the builds, memory, random cases, comparison."""

from __future__ import annotations

import dataclasses
import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from tests.engine.recurrent_kernels import GATES, MASKS, STATES, Case, make_case, make_mask

ROOT = Path(__file__).parents[2]
ISAS = ("avx512", "avx2", "baseline")
BFLOAT16_FORMS = ("amx", "avx512_bf16")
"""Two forms of the products of bfloat16s, in one of the builds."""
REDUCED = "LEFTFOLD_REDUCED_TESTS" in os.environ
"""Set where every instruction costs many times more: under sanitizers."""
SANITIZED = "asan" in os.environ.get("LD_PRELOAD", "")


def load(isa: str) -> Any:
    """The build for an instruction set, or `None` where this processor lacks it.

    A form of the products of bfloat16s counts as one, until another is loaded.
    """
    supported = importlib.import_module("leftfold._native_baseline").supported_isas()
    name = "avx512" if isa in BFLOAT16_FORMS else isa
    module = importlib.import_module(f"leftfold._native_{name}") if name in supported else None
    if isa not in BFLOAT16_FORMS or module is None:
        return module
    return Bfloat16(module, isa) if isa in module.bfloat16_forms() else None


class Bfloat16:
    """The kernels that multiply bfloat16s, under the names of those of float32."""

    def __init__(self, module: Any, form: str) -> None:
        module.use_bfloat16_form(form)
        self._module = module
        self.isa = form

    def __getattr__(self, name: str) -> Any:
        module = self._module
        return getattr(module, f"{name}_bfloat16", None) or getattr(module, name)


def poisoned(shape: tuple[int, ...]) -> np.ndarray:
    """New memory full of NaN, so that reading what was never written shows in the results."""
    return np.full(shape, np.nan, np.float32)


def examples(count: int) -> settings:
    """Hypothesis settings: so many examples, fewer in reduced runs."""
    return settings(max_examples=max(count // 8, 3) if REDUCED else count)


def python(code: str, *arguments: str, timeout: float = 120, **environment: str) -> str:
    """Run Python code in a process of its own; its output, once it has ended well."""
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert run.returncode == 0, f"exit code {run.returncode}\n{run.stdout}\n{run.stderr}"
    return run.stdout


def assert_close(
    actual: Any, expected: Any, tolerance: float, what: str, least: float = 0.1
) -> None:
    """The largest difference is at most `tolerance` times the largest value expected.

    Args:
        actual: float32 values, or `None`.
        expected: what they should be.
        tolerance: relative to the magnitude of the whole array.
        what: for the message.
        least: the magnitude that counts where larger terms have cancelled out.
    """
    if expected is None:
        assert actual is None, what
        return
    assert actual.dtype == np.float32, what
    assert actual.shape == expected.shape, what
    if expected.size:
        error = np.abs(actual - expected).max() / max(np.abs(expected).max(), least)
        assert error <= tolerance, f"{what}: error {error:.1e}"


def assert_same_bits(actual: Any, expected: Any, what: str) -> None:
    """Equal to the last bit, NaN and the sign of zero included."""
    if expected is None:
        assert actual is None, what
        return
    assert actual.shape == expected.shape, what
    different = actual.view(np.int32) != expected.view(np.int32)
    assert not different.any(), f"{what}: {different.sum()} of {different.size} differ"


def dimension(most: int) -> st.SearchStrategy[int]:
    """Sizes from 1: mostly small, often at a multiple of a vector's length or beside it."""
    edges = [n + d for n in (4, 8, 16, 32, 64, 128, 256) for d in (-1, 0, 1) if n + d <= most]
    return st.one_of(
        st.integers(1, min(most, 12)), st.sampled_from([*edges, most]), st.integers(1, most)
    )


DROPOUTS = [
    "none",
    "input",
    "input_per_gate",
    "recurrent",
    "input_and_recurrent",
    "gates",
    "gates_of_many_numbers",
]
MOST_OPERATIONS = 5e6 if REDUCED else 6e7


@st.composite
def recurrent_cases(draw: Any, cell: str, **fixed: Any) -> Case:
    """A float32 call of a recurrence: any shape, mask and dropout, with NumPy's random values."""
    batch, features, units = draw(dimension(130)), draw(dimension(130)), draw(dimension(300))
    work = batch * (features + units) * GATES[cell] * units
    timesteps = draw(st.integers(0, int(min(60, max(1, MOST_OPERATIONS // work)))))
    flags = ("go_backwards", "return_sequences", "zero_output_for_mask")
    return random_case(
        cell,
        batch,
        timesteps,
        features,
        units,
        mask=draw(st.sampled_from([*MASKS, "mixed"])),
        dropout=draw(st.sampled_from(DROPOUTS)),
        bias=draw(st.booleans()),
        states=draw(st.booleans()),
        seed=draw(st.integers(0, 2**32 - 1)),
        **{flag: draw(st.booleans()) for flag in flags},
        **fixed,
    )


def random_case(
    cell: str,
    batch: int,
    timesteps: int,
    features: int,
    units: int,
    mask: str = "none",
    dropout: str = "none",
    seed: int = 0,
    **others: Any,
) -> Case:
    """`make_case` in float32 with more kinds of mask and dropout."""
    case = make_case(cell, batch, timesteps, features, units, dtype=np.float32, seed=seed, **others)
    case.tensors["kernel"] /= np.float32(np.sqrt(features))
    # Far from chaos, in which any rounding error grows without bound.
    case.tensors["recurrent_kernel"] *= np.float32(0.5)
    random = np.random.default_rng(seed)

    def kept(count: int, size: int) -> np.ndarray:
        return (random.random((count, batch, size)) < 0.7).astype(np.float32) * np.float32(1.4)

    gates = GATES[cell]
    if dropout in ("input", "input_and_recurrent"):
        case.input_dropout = kept(1, features)
    elif dropout in ("input_per_gate", "gates", "gates_of_many_numbers"):
        case.input_dropout = kept(gates, features)
    if dropout in ("recurrent", "input_and_recurrent", "gates", "gates_of_many_numbers"):
        case.recurrent_dropout = kept(gates, units)
    if dropout == "gates_of_many_numbers":
        for dropped in (case.input_dropout, case.recurrent_dropout):
            dropped *= random.uniform(0.5, 1.5, dropped.shape).astype(np.float32)
    if mask == "mixed":
        kinds = np.stack(
            [make_mask(kind, batch, timesteps, random) for kind in MASKS if kind != "none"]
        )
        case.mask = kinds[random.integers(len(kinds), size=batch), np.arange(batch)]
    else:
        case.mask = make_mask(mask, batch, timesteps, random)
    return case


def in_float64(case: Case) -> Case:
    """The same call for the reference, computed so exactly that only the kernel's error counts."""

    def cast(array: np.ndarray | None) -> np.ndarray | None:
        return array.astype(np.float64) if array is not None and array.dtype.kind == "f" else array

    return dataclasses.replace(
        case,
        tensors={name: cast(tensor) for name, tensor in case.tensors.items()},
        input_dropout=cast(case.input_dropout),
        recurrent_dropout=cast(case.recurrent_dropout),
    )


def select_rows(case: Case, rows: Any) -> Case:
    """The same call for some rows of the batch."""

    def take(array: np.ndarray | None, axis: int = 0) -> np.ndarray | None:
        return None if array is None else np.take(array, rows, axis=axis)

    per_row = ("x", *STATES[case.cell])
    return dataclasses.replace(
        case,
        tensors={n: take(t) if n in per_row else t for n, t in case.tensors.items()},
        mask=take(case.mask),
        input_dropout=take(case.input_dropout, 1),
        recurrent_dropout=take(case.recurrent_dropout, 1),
    )


def output_gradients(case: Case, seed: int = 1, without: tuple[int, ...] = ()) -> list[Any]:
    """Random gradients of the output and the last states; `None` at places in `without`."""
    random = np.random.default_rng(seed)
    batch, timesteps = case.tensors["x"].shape[:2]
    state = (batch, len(case.tensors["recurrent_kernel"]))
    sequences = case.settings.get("return_sequences", False)
    output = (batch, timesteps, state[1]) if sequences else state
    shapes = [output] + [state] * len(STATES[case.cell])
    return [
        None if place in without else random.normal(size=shape).astype(np.float32)
        for place, shape in enumerate(shapes)
    ]


def run_through(case: Case, kernels: Any, gradients: list[Any]) -> dict[str, Any]:
    """Everything a forward and a backward pass answer, by name."""
    *outputs, saved = case.forward(kernels, save=True)
    results = dict(zip(("output", "h", "c"), outputs, strict=False))
    results |= {f"d_{name}": g for name, g in case.backward(kernels, saved, *gradients).items()}
    return results
