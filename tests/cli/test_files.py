"""`leftfold inspect` and `leftfold convert`: every pair of formats, one line for errors."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leftfold import Input, Sequential, layers, models
from leftfold.interop import formats
from leftfold.interop.onnx import model_from_onnx
from leftfold.saving import SavingError, description, hdf5
from leftfold.saving.hdf5_safe import read_array
from tests.cli.test_cli import run

MODELS = [form for form in formats.FORMATS if form.read and form.name.startswith("Keras")]
ENDINGS = [form.endings[0] for form in MODELS]
WRITTEN = [form.endings[0] for form in formats.FORMATS if form.write]
X = np.random.default_rng(1).standard_normal((3, 4, 2)).astype("float32")


@pytest.fixture
def model() -> Sequential:
    inner = Sequential([Input((4, 2)), layers.GRU(3, return_sequences=True)], name="inner")
    model = Sequential([Input((4, 2)), inner, layers.LSTM(2), layers.Dense(1)], name="outer")
    model.compile("adam", "mse", metrics=["mae"])
    model.train_on_batch(X, np.ones((3, 1)))
    return model


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_model_file_is_told_in_words_and_as_json(
    ending: str, model: Sequential, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"model{ending}"
    model.save(path)
    code, out, _ = run(capsys, "inspect", str(path))
    assert code == 0
    for word in ("Keras 3.15.1", "Sequential outer", "(?, 4, 2)", "LSTM", "(2, 8)", "Adam"):
        assert word in out
    told = json.loads(run(capsys, "inspect", str(path), "--json")[1])
    assert told["parameters"] == model.count_params()
    assert told["training"]["optimizer"] == "Adam"
    assert told["training"]["steps"] == 1
    assert told["size"] == path.stat().st_size
    assert {"name": "dense", "kind": "Dense", "shapes": [[2, 1], [1]], "parameters": 3} in told[
        "parts"
    ]


def test_weights_are_told_by_their_places(
    model: Sequential, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model.save_weights(tmp_path / "m.weights.h5")
    told = json.loads(run(capsys, "inspect", str(tmp_path / "m.weights.h5"), "--json")[1])
    assert told["parameters"] == model.count_params()
    assert "layers/sequential/layers/gru/cell" in [part["name"] for part in told["parts"]]


def test_no_weights_are_read_to_look_into_a_file(
    model: Sequential, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []

    def watched(dataset: Any, where: str) -> Any:
        read.append(dataset.shape)
        return read_array(dataset, where)

    for module in (hdf5, description):
        monkeypatch.setattr(module, "read_array", watched)
    for ending in ENDINGS:
        model.save(tmp_path / f"m{ending}")
        formats.describe(tmp_path / f"m{ending}")
    assert read and all(shape == () for shape in read)


@pytest.mark.parametrize("source", ENDINGS)
@pytest.mark.parametrize("target", WRITTEN)
def test_every_model_goes_into_every_format(
    source: str, target: str, model: Sequential, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch") if target in (".pt", ".pth") else None
    model.save(tmp_path / f"a{source}")
    start, end = str(tmp_path / f"a{source}"), str(tmp_path / f"b{target}")
    assert run(capsys, "convert", start, end)[0] == 0
    assert json.loads(run(capsys, "inspect", end, "--json")[1])["parameters"] >= 1
    form = formats.format_of(end)
    if form.read and form in MODELS:
        again = models.load_model(end)
    elif form.fill:
        assert run(capsys, "convert", end, f"{end}.keras", "--model", start)[0] == 0
        again = models.load_model(f"{end}.keras")
    else:
        return
    np.testing.assert_allclose(again.predict(X, verbose=0), model.predict(X, verbose=0), atol=1e-6)


def test_what_is_wrong_is_one_line_and_exit_code_2(
    model: Sequential, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model.save(tmp_path / "m.keras")
    model.save_weights(tmp_path / "m.weights.h5")
    (tmp_path / "bad.keras").write_bytes(b"nonsense")
    keras, weights, bad = (str(tmp_path / n) for n in ("m.keras", "m.weights.h5", "bad.keras"))
    for arguments, reason in [
        (["inspect", bad], "is not a .keras file"),
        (["inspect", str(tmp_path / "none.h5")], "does not exist"),
        (["inspect", str(tmp_path)], "expected a name that ends in one of .weights.h5"),
        (["convert", keras, keras], "exists already"),
        (["convert", weights, str(tmp_path / "n.keras")], "--model FILE"),
        (["convert", keras, str(tmp_path / "n.keras"), "--model", keras], "a model of its own"),
        (["convert", keras, str(tmp_path / "n.weights.json")], "are not written"),
    ]:
        code, out, err = run(capsys, *arguments)
        assert (code, out) == (2, ""), arguments
        assert reason in err and err.count("\n") == 1, err
    assert not (tmp_path / "n.keras").exists()


def test_onnx_files_are_written_told_and_turned_into_layers(
    model: Sequential, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model.save(tmp_path / "m.keras")
    keras, graph = str(tmp_path / "m.keras"), str(tmp_path / "m.onnx")
    assert run(capsys, "convert", keras, graph)[0] == 0
    out = run(capsys, "inspect", graph)[1]
    for word in ("ONNX model", "leftfold", "opset 17", "LSTM", "GRU"):
        assert word in out
    for ending in WRITTEN:
        if ending in (".pt", ".pth"):
            continue
        end = str(tmp_path / f"n{ending}")
        assert run(capsys, "convert", graph, end)[0] == 0
        form = formats.format_of(end)
        if form.fill and not form.name.startswith("Keras model"):
            assert run(capsys, "convert", end, f"{end}.keras", "--model", graph)[0] == 0
            end = f"{end}.keras"
        again = formats.format_of(end)
        found = models.load_model(end) if again in MODELS else model_from_onnx(end)
        np.testing.assert_allclose(found.predict(X, verbose=0), model.predict(X, verbose=0), 1e-5)


def test_what_no_layer_says_is_refused_by_the_operators_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from onnx import helper, save

    x, y = (helper.make_tensor_value_info(name, 1, ["batch", 3]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Trilu", ["x"], ["y"], name="odd")], "g", [x], [y])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), tmp_path / "m.onnx")
    code, out, err = run(capsys, "convert", str(tmp_path / "m.onnx"), str(tmp_path / "n.keras"))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "Trilu odd: no layer says this operator" in err
    assert not (tmp_path / "n.keras").exists()


def test_of_a_huge_onnx_file_only_the_outline_is_read(tmp_path: Path) -> None:
    from onnx import TensorProto, helper

    tensor = TensorProto(name="w", data_type=1, dims=[1 << 14, 1 << 14])
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    x = helper.make_tensor_value_info("x", 1, ["batch", 1 << 14])
    graph = helper.make_graph([node], "huge", [x], [])

    def field(number: int, size: int) -> bytes:
        made, value = bytearray([number << 3 | 2]), size
        while value > 127:
            made.append(value & 127 | 128)
            value >>= 7
        return bytes([*made, value])

    # A gigabyte of zeros that are a hole in the file, where raw_data ends it.
    head = tensor.SerializeToString() + field(9, 1 << 30)
    start = graph.SerializeToString() + field(5, len(head) + (1 << 30)) + head
    content = b"\x08\x08\x42\x02\x10\x11" + field(7, len(start) + (1 << 30)) + start
    path = tmp_path / "huge.onnx"
    with open(path, "wb") as file:
        file.write(content)
        file.truncate(len(content) + (1 << 30))
    tracemalloc.start()
    found = formats.describe(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.parts[0].shapes == [(1 << 14, 1 << 14)] and found.parameters == 1 << 28
    assert peak < 5_000_000


def test_what_a_file_says_cannot_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from onnx import helper

    node = helper.make_node("Neg", ["x"], ["y"], name="evil\x1b[2J\n\x07")
    x = helper.make_tensor_value_info("x\x1b", 1, [1])
    model = helper.make_model(helper.make_graph([node], "m\x1b", [x], []))
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    code, out, _ = run(capsys, "inspect", str(tmp_path / "m.onnx"))
    assert code == 0 and "evil" in out
    assert "\x1b" not in out and "\x07" not in out


def test_endings_decide_the_longest_first() -> None:
    assert formats.format_of("a.weights.h5").name == "Keras weights"
    assert formats.format_of("a.h5").name == "Keras model in HDF5"
    with pytest.raises(SavingError, match=r"a.txt expected a name that ends in one of"):
        formats.format_of("a.txt")
