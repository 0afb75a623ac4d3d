"""ONNX graphs as models of layers: the same predictions, or a refusal that names the operator."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper, numpy_helper, save

from leftfold import layers, models
from leftfold.interop.formats import ConversionNote
from leftfold.interop.onnx import export_onnx, import_onnx, model_from_onnx
from tests.interop.onnx_cases import CASES, SERIES, WORDS
from tests.interop.test_onnx_export import close, predicted
from tests.parity.test_onnx_operators import DIRECTIONS, GATES, arrays_of

RANDOM = np.random.default_rng(8)


@pytest.mark.parametrize("name", CASES)
def test_what_was_exported_becomes_layers_that_predict_the_same(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    model = case.make()
    export_onnx(model, tmp_path / "m.onnx", **case.settings)
    again = model_from_onnx(tmp_path / "m.onnx")
    close(predicted(again, case.inputs), predicted(model, case.inputs))


SAVED = [
    "bidirectional-LSTM-sequences-concat", "words-GRU-sequences", "encoder-decoder", "branches",
    "MultiHeadAttention-causal", "shared", "EinsumDense-78", "UpSampling1D-66", "given-states-LSTM",
]  # fmt: skip


@pytest.mark.parametrize("name", SAVED)
def test_the_layers_can_be_saved(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    model = case.make()
    export_onnx(model, tmp_path / "m.onnx")
    model_from_onnx(tmp_path / "m.onnx").save(tmp_path / "m.keras")
    again = models.load_model(tmp_path / "m.keras")
    close(predicted(again, case.inputs), predicted(model, case.inputs))


@pytest.mark.parametrize("weights", ["int8", "bfloat16"])
@pytest.mark.parametrize("name", ["stack-LSTM", "bidirectional-GRU-concat", "encoder-decoder"])
def test_weights_of_fewer_bits_are_widened(name: str, weights: str, tmp_path: Path) -> None:
    case = CASES[name]
    export_onnx(case.make(), tmp_path / "m.onnx", weights=weights)
    graph = import_onnx(tmp_path / "m.onnx")
    expected = list(graph.run(dict(zip(graph.input_names, case.inputs, strict=True))).values())
    close(predicted(model_from_onnx(tmp_path / "m.onnx"), case.inputs), expected)


def test_states_stay_inputs_and_outputs(tmp_path: Path) -> None:
    export_onnx(CASES["stack-LSTM"].make(), tmp_path / "m.onnx", states=True)
    graph = import_onnx(tmp_path / "m.onnx")
    given = [WORDS, *(RANDOM.normal(size=(5, n)).astype("float32") for n in (4, 4, 3, 3))]
    expected = list(graph.run(dict(zip(graph.input_names, given, strict=True))).values())
    close(predicted(model_from_onnx(tmp_path / "m.onnx"), given), expected)


def test_weights_get_the_layers_and_names_that_they_had(tmp_path: Path) -> None:
    made = models.Sequential(
        [layers.Input((None,), dtype="int32"), layers.Embedding(9, 3, name="words"),
         layers.LSTM(4, name="reads"), layers.Dense(2, activation="relu", name="says")]
    )  # fmt: skip
    export_onnx(made, tmp_path / "m.onnx")
    again = model_from_onnx(tmp_path / "m.onnx")
    kinds = [type(layer).__name__ for layer in again.layers]
    assert kinds == ["InputLayer", "Embedding", "LSTM", "Dense", "Activation"]
    for layer in made.layers:
        close(again.get_layer(layer.name).get_weights(), layer.get_weights())
    again.compile("adam", "mse")
    before = again.get_layer("reads").get_weights()[0].copy()
    again.fit(WORDS, np.ones((5, 2)), verbose=0)
    assert not np.array_equal(before, again.get_layer("reads").get_weights()[0])


def test_a_layer_called_twice_stays_one(tmp_path: Path) -> None:
    export_onnx(CASES["shared"].make(), tmp_path / "m.onnx")
    kinds = [type(layer).__name__ for layer in model_from_onnx(tmp_path / "m.onnx").layers]
    assert kinds.count("GRU") == 1


# Graphs of others


def written(
    path: Path,
    nodes: list[Any],
    inputs: dict[str, list[Any]],
    constants: dict[str, Any],
    outputs: dict[str, int],
    dtype: int = 1,
) -> str:
    """An ONNX file of these nodes."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, dtype, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(n, 1, [None] * rank) for n, rank in outputs.items()],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    save(model, path / "graph.onnx")
    return str(path / "graph.onnx")


def recurrence(path: Path, kind: str, wanted: tuple[str, ...], **attributes: Any) -> str:
    """A graph of one node whose weights are constants, read as frameworks export it."""
    count = DIRECTIONS[attributes.get("direction", "forward")]
    arrays = arrays_of(kind, count, *wanted)
    order = ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"]
    names = [name if name in arrays else "" for name in order[: 8 if kind == "LSTM" else 6]]
    node = helper.make_node(kind, names, ["Y", "Y_h"], hidden_size=5, name="odd", **attributes)
    constants = {name: arrays[name] for name in ("W", "R", "B", "P") if name in arrays}
    shapes: dict[str, list[Any]] = {"X": ["time", "batch", 3]}
    return written(path, [node], shapes, constants, {"Y": 4, "Y_h": 3})


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("kind", GATES)
def test_a_bare_recurrence_has_its_batch_put_in_front_and_says_so(
    kind: str, direction: str, tmp_path: Path
) -> None:
    path = recurrence(tmp_path, kind, ("B",), direction=direction)
    with pytest.warns(ConversionNote) as told:
        model = model_from_onnx(path)
    assert [str(note.message).split(" has")[0] for note in told] == [
        "The input X", "The output Y", "The output Y_h"
    ]  # fmt: skip
    x = np.swapaxes(SERIES, 0, 1)
    y, last = import_onnx(path).predict(x)
    ours = model.predict(SERIES, verbose=0)
    close(ours, [np.moveaxis(y, 2, 0), np.moveaxis(last, 1, 0)])


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("kind", GATES)
def test_lengths_that_are_an_input_become_a_mask(kind: str, direction: str, tmp_path: Path) -> None:
    arrays = arrays_of(kind, DIRECTIONS[direction], "B")
    names = ["turned", "W", "R", "B", "lengths"]
    nodes = [
        helper.make_node("Transpose", ["x"], ["turned"], perm=[1, 0, 2]),
        helper.make_node("Cast", ["numbers"], ["lengths"], to=6),
        helper.make_node(kind, names, ["y"], hidden_size=5, direction=direction),
        helper.make_node("Transpose", ["y"], ["out"], perm=[2, 0, 1, 3]),
    ]
    constants = {name: arrays[name] for name in ("W", "R", "B")}
    shapes = {"x": ["batch", "time", 3], "numbers": ["batch"]}
    path = written(tmp_path, nodes, shapes, constants, {"out": 4})
    given = [SERIES, np.float32([6, 1, 3, 2, 5])]
    expected = import_onnx(path).predict(given)
    close(predicted(model_from_onnx(path), given), [expected])


def test_what_pytorch_writes_around_two_directions(tmp_path: Path) -> None:
    arrays = arrays_of("LSTM", 2, "B")
    nodes = [
        helper.make_node("Gather", ["words.weight", "ids"], ["vectors"], axis=0),
        helper.make_node("Transpose", ["vectors"], ["turned"], perm=[1, 0, 2]),
        helper.make_node("Shape", ["turned"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["batch"], axis=0),
        helper.make_node("Unsqueeze", ["batch", "zeros"], ["batches"]),
        helper.make_node("Concat", ["two", "batches", "five"], ["sizes"], axis=0),
        helper.make_node("Expand", ["nothing", "sizes"], ["begin"]),
        helper.make_node("LSTM", ["turned", "W", "R", "B", "", "begin", "begin"],
                         ["y", "h", "c"], hidden_size=5, direction="bidirectional",
                         name="/read/LSTM"),
        helper.make_node("Transpose", ["y"], ["sides"], perm=[0, 2, 1, 3]),
        helper.make_node("Reshape", ["sides", "flat"], ["joined"]),
        helper.make_node("Transpose", ["joined"], ["rows"], perm=[1, 0, 2]),
        helper.make_node("MatMul", ["rows", "K"], ["product"], name="/out/MatMul"),
        helper.make_node("Add", ["out.bias", "product"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["out"], axis=-1),
    ]  # fmt: skip
    constants = {
        **{name: arrays[name] for name in ("W", "R", "B")},
        "words.weight": RANDOM.normal(size=(12, 3)).astype("float32"),
        "one": np.int64(1), "zeros": np.int64([0]), "two": np.int64([2]), "five": np.int64([5]),
        "nothing": np.zeros((1, 1, 1), "float32"), "flat": np.int64([0, 0, -1]),
        "K": RANDOM.normal(size=(10, 4)).astype("float32"),
        "out.bias": RANDOM.normal(size=4).astype("float32"),
    }  # fmt: skip
    path = written(tmp_path, nodes, {"ids": ["batch", "time"]}, constants, {"out": 3}, dtype=7)
    model = model_from_onnx(path)
    expected = import_onnx(path).predict(WORDS.astype("int64"))
    close(predicted(model, [WORDS.astype("int64")]), [expected])
    names = {layer.name: type(layer).__name__ for layer in model.layers}
    assert names["words"] == "Embedding" and names["read"] == "Bidirectional"
    assert names["out"] == "Dense"


def test_a_product_over_flattened_steps_is_one_dense_layer(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Slice", ["shape", "zero", "two"], ["front"]),
        helper.make_node("Reshape", ["x", "rows"], ["flat"]),
        helper.make_node("Gemm", ["flat", "K", "b"], ["made"], transB=1),
        helper.make_node("Concat", ["front", "four"], ["wide"], axis=0),
        helper.make_node("Reshape", ["made", "wide"], ["out"]),
    ]
    constants = {
        "zero": np.int64([0]), "two": np.int64([2]), "rows": np.int64([-1, 3]),
        "four": np.int64([4]), "K": RANDOM.normal(size=(4, 3)).astype("float32"),
        "b": RANDOM.normal(size=4).astype("float32"),
    }  # fmt: skip
    path = written(tmp_path, nodes, {"x": ["batch", "time", 3]}, constants, {"out": 3})
    model = model_from_onnx(path)
    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", "Dense"]
    close(predicted(model, [SERIES]), [import_onnx(path).predict(SERIES)])


REFUSED = {
    "clip": ({"clip": 3.0}, ("B",), "LSTM odd: clip, input_forget and peepholes"),
    "peepholes": ({}, ("B", "P"), "LSTM odd: clip, input_forget and peepholes"),
    "activation": (
        {"activations": ["Sigmoid", "ScaledTanh", "Tanh"]},
        ("B",),
        "LSTM odd: a layer has no activation scaledtanh",
    ),
    "two activations": (
        {"activations": ["Sigmoid", "Tanh", "Relu"]},
        ("B",),
        "LSTM odd: the candidate and the output have different activations",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_layer_says_is_refused_by_name(name: str, tmp_path: Path) -> None:
    attributes, wanted, reason = REFUSED[name]
    path = recurrence(tmp_path, "LSTM", wanted, **attributes)
    import_onnx(path)
    with warnings.catch_warnings(), pytest.raises(ValueError) as caught:
        warnings.simplefilter("ignore")
        model_from_onnx(path)
    assert reason in str(caught.value) and "\n" not in str(caught.value)


def test_a_padding_that_is_the_same_for_these_sizes_is_a_layers(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Transpose", ["x"], ["first"], perm=[0, 2, 1]),
        helper.make_node("AveragePool", ["first"], ["y"], kernel_shape=[2], strides=[2],
                         pads=[0, 1], name="odd"),
    ]  # fmt: skip
    path = written(tmp_path, nodes, {"x": ["batch", 7, 3]}, {}, {"y": 3})
    x = RANDOM.normal(size=(2, 7, 3)).astype("float32")
    close(predicted(model_from_onnx(path), [x]), [import_onnx(path).predict(x)])
    path = written(tmp_path, nodes, {"x": ["batch", 8, 3]}, {}, {"y": 3})
    with pytest.raises(ValueError, match="AveragePool odd: its mean leaves out padding"):
        model_from_onnx(path)


def test_a_graph_without_outputs_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, [], {"x": ["batch", 3]}, {}, {})
    with pytest.raises(ValueError, match="no outputs"):
        model_from_onnx(path)


def test_weights_that_a_graph_computes_are_refused(tmp_path: Path) -> None:
    nodes = [helper.make_node("LSTM", ["x", "w", "R"], ["y"], hidden_size=2, name="odd")]
    shapes = {"x": ["time", "batch", 3], "w": [1, 8, 3]}
    constants = {"R": np.zeros((1, 8, 2), "float32")}
    path = written(tmp_path, nodes, shapes, constants, {"y": 4})
    with warnings.catch_warnings(), pytest.raises(ValueError, match="odd: W is computed by"):
        warnings.simplefilter("ignore")
        model_from_onnx(path)
