"""What an installation must contain."""

from __future__ import annotations

from pathlib import Path

import pytest

import leftfold
from leftfold.engine import kernels, reference


def test_the_native_extension_is_built() -> None:
    assert kernels.native() is not None


def test_type_hints_are_shipped() -> None:
    assert (Path(leftfold.__file__).parent / "py.typed").exists()


def test_every_native_kernel_has_a_reference_of_the_same_name() -> None:
    module = kernels.native()
    helpers = {"set_allocator", "set_threads", "supported_isas", "peak_gflops"}
    helpers |= {"best_bfloat16_form", "bfloat16_forms", "use_bfloat16_form"}
    elementwise = {"exponential", "tanh", "sigmoid"}
    names = {n for n in dir(module) if n.islower() and callable(getattr(module, n))}
    meant = {n.removesuffix("_bfloat16") for n in names - helpers - elementwise}
    missing = {n for n in meant if not hasattr(reference, n)}
    assert not missing


def test_the_reference_runs_where_native_code_is_turned_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LEFTFOLD_ISA", "reference")
    kernels.use("native")
    try:
        assert kernels.isa() == "reference"
        assert kernels.kernel("lstm_forward") is reference.lstm_forward
    finally:
        monkeypatch.delenv("LEFTFOLD_ISA")
        kernels.use("native")


def test_an_unknown_instruction_set_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEFTFOLD_ISA", "mmx")
    kernels.use("native")
    try:
        with pytest.raises(ValueError, match="LEFTFOLD_ISA expected one of avx512, avx2, baseline"):
            kernels.native()
    finally:
        monkeypatch.delenv("LEFTFOLD_ISA")
        kernels.use("native")
