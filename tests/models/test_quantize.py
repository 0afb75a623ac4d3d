"""Weights of fewer bits: what they become, how files hold them, and that nothing else changes."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from leftfold import Input, Model, Sequential, layers, models
from leftfold.engine.quantization import MODES, Quantization, from_int8, int8_codes, rounded
from leftfold.interop import formats
from leftfold.saving import SavingError

WORDS = np.random.default_rng(0).integers(0, 400, (6, 9)).astype("int32")


def texts(kind: Any = layers.LSTM) -> Any:
    """An embedding, both directions of a recurrence, and a dense layer."""
    model = Sequential(
        [Input((None,), dtype="int32"), layers.Embedding(400, 32, mask_zero=True),
         layers.Bidirectional(kind(48)), layers.Dense(5, activation="softmax")]
    )  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


MATRICES = st.builds(
    lambda values, scale: (values * scale).astype("float32"),
    of_numpy.arrays(
        "float32", of_numpy.array_shapes(min_dims=2, max_dims=2, max_side=9),
        elements=st.floats(-1, 1, width=32),
    ),
    st.sampled_from([1e-38, 1e-20, 0.01, 1.0, 1e6, 1e30]),
)  # fmt: skip


@given(MATRICES, st.sampled_from([0, -1]))
def test_what_was_stored_once_is_stored_as_the_same_bits_again(matrix: Any, axis: int) -> None:
    codes, scales = int8_codes(matrix, axis)
    kept = from_int8(codes, scales, axis)
    again, same = int8_codes(kept, axis)
    assert np.array_equal(codes, again)
    used = np.any(codes, axis=1 if axis == 0 else 0)
    assert np.array_equal(scales[used], same[used])
    assert np.array_equal(from_int8(again, same, axis), kept)
    largest = np.max(np.abs(matrix), axis=1 if axis == 0 else 0, keepdims=True)
    assert (np.abs(kept - matrix) <= np.maximum(largest / 253, 1e-30)).all()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", [layers.SimpleRNN, layers.LSTM, layers.GRU])
def test_a_quantized_model_predicts_almost_the_same_and_saves_exactly_that(
    kind: Any, mode: str, tmp_path: Path
) -> None:
    model = texts(kind)
    exact = model.predict(WORDS, verbose=0)
    model.save(tmp_path / "exact.keras")
    model.quantize(mode)
    near = model.predict(WORDS, verbose=0)
    assert 0 < np.abs(near - exact).max() < 0.02
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.save(tmp_path / "small.keras")
        again = models.load_model(tmp_path / "small.keras")
        assert np.array_equal(again.predict(WORDS, verbose=0), near)
        again.save(tmp_path / "again.keras")
    small, whole = ((tmp_path / f"{n}.keras").stat().st_size for n in ("small", "exact"))
    overhead = 36_000  # the configuration, HDF5's own, biases and scales
    assert small < whole / {"int8": 4, "bfloat16": 2}[mode] + overhead
    assert (tmp_path / "again.keras").stat().st_size == small
    assert again.evaluate(WORDS, WORDS[:, 0] % 5, verbose=0)


@pytest.mark.parametrize("mode", MODES)
def test_weight_files_give_the_rounded_numbers_to_any_model(mode: str, tmp_path: Path) -> None:
    model = texts()
    model.quantize(mode)
    model.save_weights(tmp_path / "small.weights.h5")
    plain = texts()
    plain.load_weights(tmp_path / "small.weights.h5")
    assert np.array_equal(plain.predict(WORDS, verbose=0), model.predict(WORDS, verbose=0))


def test_other_formats_hold_the_rounded_numbers_in_full(tmp_path: Path) -> None:
    model = texts()
    model.quantize("int8")
    near = model.predict(WORDS, verbose=0)
    model.save(tmp_path / "model.keras")
    formats.convert(tmp_path / "model.keras", tmp_path / "model.h5")
    assert np.array_equal(models.load_model(tmp_path / "model.h5").predict(WORDS, verbose=0), near)


def test_only_matrices_of_the_chosen_layers_change() -> None:
    model = texts()
    before = [v.numpy() for v in model.weights]
    model.quantize("int8", filters="bidirectional")
    changed = [
        not np.array_equal(v.numpy(), old) for v, old in zip(model.weights, before, strict=True)
    ]
    assert [v.name for v, c in zip(model.weights, changed, strict=True) if c] == [
        "kernel", "recurrent_kernel", "kernel", "recurrent_kernel"
    ]  # fmt: skip


def test_what_is_trained_afterwards_is_saved_in_full_with_a_warning(tmp_path: Path) -> None:
    model = texts()
    model.quantize("int8")
    model.train_on_batch(WORDS, WORDS[:, 0] % 5)
    with pytest.warns(UserWarning, match="has changed since it was quantized"):
        model.save(tmp_path / "model.keras")
    again = models.load_model(tmp_path / "model.keras")
    assert np.array_equal(again.predict(WORDS, verbose=0), model.predict(WORDS, verbose=0))


def test_cells_inside_models_inside_models_are_found() -> None:
    x = Input((None, 3))
    inner = Sequential([Input((None, 4)), layers.RNN([layers.LSTMCell(4), layers.GRUCell(2)])])
    model = Model(x, inner(layers.TimeDistributed(layers.Dense(4))(x)))
    model.quantize("bfloat16")
    for variable in model.weights:
        assert (variable.quantization is not None) == ("kernel" in variable.name)


@pytest.mark.parametrize(
    ("make", "arguments", "reason"),
    [
        (texts, {"mode": "float8"}, "mode to be 'int8' or 'bfloat16', got 'float8'"),
        (texts, {"config": 3}, "config to be None"),
        (texts, {"filters": "nothing"}, "found none"),
        (lambda: Sequential([layers.LSTM(2)]), {}, "a built model"),
        (lambda: Sequential([Input((3,)), layers.Activation("tanh")]), {}, "found none"),
    ],
    ids=["mode", "config", "filters", "unbuilt", "nothing"],
)
def test_what_cannot_be_done_is_told(make: Any, arguments: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        make().quantize(**arguments)


def test_weights_that_are_not_finite_are_refused_before_anything_changes() -> None:
    model = texts()
    kernel = model.layers[-1].kernel
    kernel.assign(np.full(kernel.shape, np.nan, "float32"))
    before = model.layers[0].embeddings.numpy()
    with pytest.raises(ValueError, match="finite float32 weights"):
        model.quantize("int8")
    assert np.array_equal(model.layers[0].embeddings.numpy(), before)


@pytest.mark.parametrize("damage", ["scale of another shape", "codes of floats", "no scale"])
def test_codes_and_scales_that_do_not_go_together_are_refused(damage: str, tmp_path: Path) -> None:
    import h5py

    model = texts()
    model.quantize("int8")
    path = tmp_path / "small.weights.h5"
    model.save_weights(path)
    with h5py.File(path, "r+") as file:
        group = file["layers/dense/vars"]
        scale, codes = group["0.scale"][()], group["0.int8"][()]
        del group["0.scale"]
        if damage == "scale of another shape":
            group["0.scale"] = np.ones((7, 1), "float32")
        elif damage == "codes of floats":
            del group["0.int8"]
            group["0.int8"] = codes.astype("float32")
            group["0.scale"] = scale
    with pytest.raises(SavingError) as caught:
        texts().load_weights(path)
    assert "dense" in str(caught.value) and "\n" not in str(caught.value)


def test_inspect_tells_how_weights_are_stored(tmp_path: Path) -> None:
    model = texts()
    model.quantize("int8")
    model.save(tmp_path / "model.keras")
    found = formats.describe(tmp_path / "model.keras")
    assert found.parameters == model.count_params()
    assert [part.stored for part in found.parts] == ["int8", "int8", "int8"]


def test_bfloat16_is_the_upper_half() -> None:
    values = np.float32([[1.0, 3.14159], [-0.1, 1e30]])
    kept = rounded(values, Quantization("bfloat16", -1))
    assert (kept.view(np.uint32) & 0xFFFF == 0).all()
    np.testing.assert_allclose(kept, values, rtol=2**-8)
