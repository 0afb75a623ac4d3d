"""The conformance tests of the `onnx` package, for every operator that Leftfold runs."""

from __future__ import annotations

import io
import unittest
import warnings
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, numpy_helper
from onnx.backend.test import BackendTest
from onnx.backend.test.loader import load_model_tests
from onnx.backend.test.runner import Runner

from leftfold.interop.onnx import backend

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the cases are made by overflowing on purpose
    CASES = {
        case.name: case
        for case in load_model_tests(kind="node")
        if backend.is_compatible(case.model)
    }

DROPS = {name for name in CASES if "training_dropout" in name and "zero_ratio" not in name}
"""Cases that drop at random, as in training, which is not offered."""


def as_arrays(values: Any) -> list[Any]:
    return [numpy_helper.to_array(v) if isinstance(v, TensorProto) else v for v in values]


@pytest.mark.parametrize("name", [name for name in CASES if name not in DROPS])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_conformance(name: str) -> None:
    case = CASES[name]
    prepared = backend.prepare(case.model)
    for inputs, expected in case.data_sets:
        outputs = prepared.run(as_arrays(inputs))
        Runner.assert_similar_outputs(
            as_arrays(expected), list(outputs), rtol=case.rtol, atol=case.atol
        )


def test_the_cases_cover_the_recurrent_operators_and_most_others() -> None:
    kinds = {node.op_type for case in CASES.values() for node in case.model.graph.node}
    assert {"LSTM", "GRU", "RNN", "Gemm", "Conv", "Einsum", "LayerNormalization"} <= kinds
    assert len(CASES) >= 1170 and len(DROPS) == 4
    assert len(kinds) >= 120


def test_what_is_not_supported_says_so_to_the_package() -> None:
    from onnx import helper

    node = helper.make_node("Det", ["x"], ["y"])
    with pytest.raises(backend.NotImplementedHere, match="not supported: Det"):
        backend.run_node(node, [np.eye(2, dtype=np.float32)])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["PyTorchConverted", "PyTorchOperator", "Simple", "Node"])
def test_the_packages_own_runner_finds_no_fault(kind: str) -> None:
    suites = BackendTest(backend, __name__).test_cases
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(suites[f"OnnxBackend{kind}ModelTest"])
    result = unittest.TextTestRunner(stream=io.StringIO(), verbosity=0).run(suite)
    assert not result.failures and not result.errors, (result.failures + result.errors)[0]
    on_this_processor = result.testsRun // 2  # the other half asks for CUDA
    done = result.testsRun - len(result.skipped)
    assert kind in ("Simple", "Node") or done == on_this_processor
