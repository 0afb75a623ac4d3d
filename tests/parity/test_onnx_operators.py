"""The recurrent operators, attribute by attribute, beside ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from leftfold.interop.onnx import backend
from tests.parity.programs import numbers
from tools.peers import Worker

STEPS, BATCH, FEATURES, UNITS = 7, 4, 3, 5
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
LENGTHS = np.array([7, 1, 4, 6], np.int32)


def model_of(kind: str, arrays: dict[str, Any], attributes: dict[str, Any]) -> Any:
    """A model of one node whose inputs are all inputs of the graph."""
    order = ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"]
    names = [name if name in arrays else "" for name in order[: 8 if kind == "LSTM" else 6]]
    outputs = ["Y", "Y_h", "Y_c"][: 3 if kind == "LSTM" else 2]
    node = helper.make_node(kind, names, outputs, hidden_size=UNITS, **attributes)
    inputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
        )
        for name, array in arrays.items()
    ]
    ranks = {"Y": 4, "Y_h": 3, "Y_c": 3}
    results = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * ranks[name])
        for name in outputs
    ]
    graph = helper.make_graph([node], "one", inputs, results)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)


def arrays_of(kind: str, directions: int, *wanted: str) -> dict[str, Any]:
    width = GATES[kind] * UNITS
    arrays: dict[str, Any] = {
        "X": numbers(1, STEPS, BATCH, FEATURES),
        "W": 0.5 * numbers(2, directions, width, FEATURES),
        "R": 0.5 * numbers(3, directions, width, UNITS),
        "B": 0.5 * numbers(4, directions, 2 * width),
        "sequence_lens": LENGTHS,
        "initial_h": numbers(5, directions, BATCH, UNITS),
        "initial_c": numbers(6, directions, BATCH, UNITS),
        "P": 0.5 * numbers(7, directions, 3 * UNITS),
    }
    return {name: array for name, array in arrays.items() if name in ("X", "W", "R", *wanted)}


EVERYTHING = ("B", "sequence_lens", "initial_h")
DIRECTIONS = {"forward": 1, "reverse": 1, "bidirectional": 2}


@pytest.fixture
def same(peer: Callable[[str, str], Worker]) -> Callable[..., None]:
    side = peer("onnxruntime", "onnxruntime_side.py")

    def check(kind: str, arrays: dict[str, Any], **attributes: Any) -> None:
        model = model_of(kind, arrays, attributes)
        theirs = side.call("run", model.SerializeToString(), list(arrays.values()))
        ours = backend.run_model(model, list(arrays.values()))
        for mine, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-5, atol=2e-6)

    return check


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("count", range(4), ids=["bare", "bias", "lengths", "states"])
def test_inputs(same: Any, kind: str, direction: str, count: int) -> None:
    wanted = EVERYTHING[:count] + (("initial_c",) if count == 3 and kind == "LSTM" else ())
    same(kind, arrays_of(kind, DIRECTIONS[direction], *wanted), direction=direction)


ACTIVATIONS = {
    "Relu": (None, None),
    "Tanh": (None, None),
    "Sigmoid": (None, None),
    "Softsign": (None, None),
    "Softplus": (None, None),
    "Affine": (0.7, 0.1),
    "LeakyRelu": (0.2, None),
    "ThresholdedRelu": (0.3, None),
    "ScaledTanh": (1.2, 0.6),
    "HardSigmoid": (0.3, 0.4),
    "Elu": (0.8, None),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("kind", GATES)
def test_activations_with_their_numbers(same: Any, kind: str, name: str) -> None:
    count = {"RNN": 1, "GRU": 2, "LSTM": 3}[kind]
    alpha, beta = ACTIVATIONS[name]
    numbers_of = {
        f"activation_{part}": [value] * 2 * count
        for part, value in (("alpha", alpha), ("beta", beta))
        if value is not None
    }
    arrays = arrays_of(kind, 2, "B", "sequence_lens")
    # Gates without bounds let states grow from step to step until nothing can be compared.
    arrays |= {"X": arrays["X"][:3], "sequence_lens": np.minimum(LENGTHS, 3)}
    same(kind, arrays, direction="bidirectional", activations=[name] * 2 * count, **numbers_of)


def test_numbers_are_dealt_out_in_the_order_of_the_activations(same: Any) -> None:
    same(
        "LSTM",
        arrays_of("LSTM", 1, "B"),
        activations=["HardSigmoid", "LeakyRelu", "Elu"],
        activation_alpha=[0.3, 0.2, 0.7],
        activation_beta=[0.4],
    )


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("wanted", [("P",), ("P", *EVERYTHING, "initial_c")], ids=["P", "all"])
def test_peepholes(same: Any, direction: str, wanted: tuple[str, ...]) -> None:
    same("LSTM", arrays_of("LSTM", DIRECTIONS[direction], *wanted), direction=direction)


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_linear_before_reset(same: Any, before: int, direction: str) -> None:
    arrays = arrays_of("GRU", DIRECTIONS[direction], *EVERYTHING)
    same("GRU", arrays, direction=direction, linear_before_reset=before)


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("clip", [0.1, 0.4])
def test_clip(same: Any, kind: str, clip: float) -> None:
    same(kind, arrays_of(kind, 1, *EVERYTHING), clip=clip)


def test_clip_with_linear_before_reset(same: Any) -> None:
    same("GRU", arrays_of("GRU", 1, *EVERYTHING), clip=0.2, linear_before_reset=1)


def test_clip_with_peepholes(same: Any) -> None:
    same("LSTM", arrays_of("LSTM", 1, "P", *EVERYTHING), clip=0.2)


def test_input_forget(same: Any) -> None:
    same("LSTM", arrays_of("LSTM", 1, *EVERYTHING), input_forget=1)
