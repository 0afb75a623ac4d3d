"""One set of sources, three builds: each is chosen when asked for, and all do the same."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.recurrent_kernels import CELL_NAMES, CELLS
from tests.native.support import (
    ISAS,
    assert_close,
    load,
    output_gradients,
    poisoned,
    python,
    random_case,
    run_through,
)

AVAILABLE = [isa for isa in ISAS if load(isa) is not None]


@pytest.mark.parametrize("isa", [*AVAILABLE, "reference"])
def test_an_instruction_set_can_be_forced(isa):
    shown = python(
        "import numpy as np\n"
        "from leftfold.engine import kernels\n"
        "print(kernels.isa(), kernels.kernel('gemm').__module__ or '')\n"
        "print(kernels.kernel('gemm')(np.ones((2, 3), 'f'), np.ones((3, 2), 'f'), "
        "False, False, None).tolist())",
        LEFTFOLD_ISA=isa,
    )
    name, product = shown.splitlines()
    module = "engine.reference.gemm" if isa == "reference" else f"_native_{isa}"
    assert name == f"{isa} leftfold.{module}"
    assert product == "[[3.0, 3.0], [3.0, 3.0]]"


def test_the_best_instruction_set_is_the_default():
    code = "from leftfold.engine import kernels; print(kernels.isa())"
    assert python(code, LEFTFOLD_ISA="") == f"{AVAILABLE[0]}\n"
    assert python(code, LEFTFOLD_ISA=" AVX2 " if "avx2" in AVAILABLE else "Baseline")


def test_an_unknown_instruction_set_is_an_error_that_lists_them():
    code = "from leftfold.engine import kernels; kernels.native()"
    with pytest.raises(AssertionError, match=r"expected one of avx512, .*, got 'mmx'"):
        python(code, LEFTFOLD_ISA="mmx")


def test_all_builds_have_the_same_functions_except_for_products_of_bfloat16():
    def public(isa: str) -> list[str]:
        return [n for n in dir(load(isa)) if not n.startswith("_") and not n.endswith("_bfloat16")]

    assert all(public(isa) == public("baseline") for isa in AVAILABLE)
    assert all(load(isa).isa == isa for isa in AVAILABLE)
    for isa in AVAILABLE:
        assert hasattr(load(isa), "lstm_forward_bfloat16") or not load(isa).bfloat16_forms()


@pytest.mark.parametrize(("cell", "options"), CELLS, ids=CELL_NAMES)
def test_builds_differ_by_rounding_alone(cell, options):
    case = random_case(cell, 9, 11, 13, 37, mask="mixed", return_sequences=True, **options)
    results = []
    for isa in AVAILABLE:
        module = load(isa)
        module.set_allocator(poisoned)
        results.append(run_through(case, module, output_gradients(case)))
    for other in results[1:]:
        for name, value in results[0].items():
            assert_close(other[name], value, 1e-5, name)


def test_builds_draw_the_same_random_numbers():
    draws = [load(isa).uniform(5, 6, 1001) for isa in AVAILABLE]
    for draw in draws[1:]:
        np.testing.assert_array_equal(draw, draws[0])
