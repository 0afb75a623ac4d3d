"""Every layer as ONNX: exported, read back and run, the same numbers; or refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leftfold import layers
from leftfold.interop.onnx import backend, onnx_model
from tests.interop.onnx_cases import CASES, NO_LAYERS, REFUSED, covered


def predicted(model: Any, inputs: list[Any]) -> list[Any]:
    given = inputs[0] if len(inputs) == 1 else inputs
    found = model.predict(given, verbose=0)
    return list(found) if isinstance(found, list | tuple) else [found]


def close(ours: Any, theirs: Any) -> None:
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        assert np.shape(mine) == np.shape(other)
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_the_graph_computes_what_the_model_predicts(name: str) -> None:
    case = CASES[name]
    model = case.make()
    exported = onnx_model(model, **case.settings)
    close(backend.run_model(exported, case.inputs), predicted(model, case.inputs))
    kinds = {node.op_type for node in exported.graph.node}
    assert not kinds & {"Loop", "Scan", "If"}


def test_every_layer_is_written_or_refused() -> None:
    classes = {
        cls.__name__
        for name in layers.__all__
        if isinstance(cls := getattr(layers, name), type) and cls.__name__ not in NO_LAYERS
    }
    assert classes - covered() == set()


@pytest.mark.parametrize("name", REFUSED)
def test_what_onnx_cannot_say_is_refused_by_name(name: str) -> None:
    make, reason = REFUSED[name]
    with pytest.raises(ValueError, match="export_onnx cannot write") as caught:
        onnx_model(make())
    assert reason in str(caught.value) and "\n" not in str(caught.value)
