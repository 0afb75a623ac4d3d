"""The recurrent operators beside the reference evaluator of the `onnx` package.

It leaves lengths, clipping and other activations out, for which `make parity` asks ONNX Runtime,
and has both layouts, which ONNX Runtime has not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

from leftfold.interop.onnx import backend
from tests.parity.test_onnx_operators import DIRECTIONS, GATES, arrays_of, model_of

INPUTS = {
    "bare": (),
    "bias": ("B",),
    "state": ("B", "initial_h"),
    "states": ("B", "initial_h", "initial_c"),
    "peepholes": ("B", "initial_h", "initial_c", "P"),
}


@pytest.mark.parametrize("wanted", INPUTS)
@pytest.mark.parametrize("layout", [0, 1])
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("kind", GATES)
def test_recurrences_agree_with_the_reference(
    kind: str, direction: str, layout: int, wanted: str
) -> None:
    names = [name for name in INPUTS[wanted] if kind == "LSTM" or name not in ("initial_c", "P")]
    arrays = arrays_of(kind, DIRECTIONS[direction], *names)
    attributes: dict[str, Any] = {"direction": direction, "layout": layout}
    if kind == "GRU":
        attributes["linear_before_reset"] = int(wanted in ("bare", "states"))
    if layout:
        for name in ("X", "initial_h", "initial_c"):
            if name in arrays:
                arrays[name] = np.ascontiguousarray(arrays[name].swapaxes(0, 1))
    model = model_of(kind, arrays, attributes)
    theirs = ReferenceEvaluator(model).run(None, arrays)
    ours = backend.run_model(model, list(arrays.values()))
    assert len(ours) == (3 if kind == "LSTM" else 2)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.shape == other.shape
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-5)
