"""Every layer that ONNX can say, exported and run by ONNX Runtime: what the model predicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from leftfold import Input, Sequential, layers
from leftfold.interop.onnx import onnx_model
from tests.interop.onnx_cases import CASES, SERIES, WORDS
from tests.interop.test_onnx_export import close, predicted
from tools.peers import Worker


@pytest.fixture
def run(peer: Callable[[str, str], Worker]) -> Callable[..., Any]:
    side = peer("onnxruntime", "onnxruntime_side.py")
    return lambda model, inputs: side.call("run", model.SerializeToString(), inputs)


@pytest.mark.parametrize("name", CASES)
def test_onnx_runtime_computes_what_the_model_predicts(run: Any, name: str) -> None:
    case = CASES[name]
    model = case.make()
    close(run(onnx_model(model, **case.settings), case.inputs), predicted(model, case.inputs))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 2)])
@pytest.mark.parametrize("kind", [layers.SimpleRNN, layers.LSTM, layers.GRU])
def test_batch_and_time_are_open(run: Any, kind: Any, shape: tuple[int, int]) -> None:
    model = Sequential(
        [Input((6,), dtype="int32"), layers.Embedding(12, 3, mask_zero=True),
         layers.Bidirectional(kind(4, return_sequences=True)), kind(2), layers.Dense(1)]
    )  # fmt: skip
    exported = onnx_model(model)
    sizes = exported.graph.input[0].type.tensor_type.shape.dim
    assert [size.dim_param for size in sizes] == ["batch", "time"]
    words = np.random.default_rng(1).integers(0, 12, shape).astype("int32")
    close(run(exported, [words]), predicted(model, [words]))


@pytest.mark.parametrize("kind", [layers.SimpleRNN, layers.LSTM, layers.GRU])
def test_a_stream_goes_on_from_its_states(run: Any, kind: Any) -> None:
    model = Sequential([Input((None, 3)), kind(4, return_sequences=True, name="a"),
                        kind(2, return_sequences=True, name="b")])  # fmt: skip
    exported = onnx_model(model, states=True)
    names = [item.name for item in exported.graph.input]
    letters = "hc" if kind is layers.LSTM else "h"
    assert names[1:] == [f"{layer}_{letter}" for layer in "ab" for letter in letters]
    assert [item.name for item in exported.graph.output][1:] == [f"{n}_next" for n in names[1:]]
    states = [np.zeros((5, 4 if name[0] == "a" else 2), "float32") for name in names[1:]]
    pieces = []
    for begin, end in ((0, 1), (1, 4), (4, 6)):
        output, *states = run(exported, [SERIES[:, begin:end], *states])
        pieces.append(output)
    close([np.concatenate(pieces, axis=1)], predicted(model, [SERIES]))


@pytest.mark.parametrize("weights", ["int8", "bfloat16"])
@pytest.mark.parametrize("kind", [layers.SimpleRNN, layers.LSTM, layers.GRU])
def test_weights_of_fewer_bits_are_those_of_the_quantized_model(
    run: Any, kind: Any, weights: str
) -> None:
    model = Sequential(
        [Input((None,), dtype="int32"), layers.Embedding(12, 16, mask_zero=True),
         layers.Bidirectional(kind(64, return_sequences=True)), kind(8), layers.Dense(3)]
    )  # fmt: skip
    whole, small = onnx_model(model), onnx_model(model, weights=weights)
    exact = predicted(model, [WORDS])
    model.quantize(weights)
    close(run(small, [WORDS]), predicted(model, [WORDS]))
    close(run(onnx_model(model, weights=weights), [WORDS]), predicted(model, [WORDS]))
    (far,) = (np.abs(a - b).max() for a, b in zip(exact, predicted(model, [WORDS]), strict=True))
    assert 0 < far < 0.03
    factor = {"int8": 2.2, "bfloat16": 1.5}[weights]  # graph and biases stay as large as they are
    assert len(small.SerializeToString()) < len(whole.SerializeToString()) / factor
