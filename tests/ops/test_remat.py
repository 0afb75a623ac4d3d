"""Less memory for more time: the same results and gradients as with everything kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from leftfold import Input, RematScope, Sequential, layers, ops, remat, utils
from leftfold.engine import Tape, Tensor, Variable, kernels
from leftfold.ops import recurrent, recurrent_chunks

GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3}
BATCH, STEPS, FEATURES, UNITS = 3, 23, 2, 4


@pytest.fixture(params=["native", "reference"])
def implementation(request: pytest.FixtureRequest) -> Any:
    if request.param == "native" and kernels.native() is None:
        pytest.skip("no native extension")
    kernels.use(request.param)
    yield request.param
    kernels.use("native")


@pytest.fixture
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of five steps, so that the last one is shorter."""
    monkeypatch.setattr(recurrent, "SHORTEST_CHUNK", 5)
    monkeypatch.setattr(recurrent_chunks, "SHORTEST_CHUNK", 5)
    monkeypatch.setattr(recurrent_chunks, "FEWEST_ROWS", 5)


def inputs_of(name: str, seed: int = 0) -> list[Tensor]:
    rng = np.random.default_rng(seed)
    width, states = GATES[name] * UNITS, 2 if name == "lstm" else 1
    bias = (2, width) if name == "gru" else (width,)
    shapes = [(BATCH, STEPS, FEATURES), (FEATURES, width), (UNITS, width), bias]
    shapes += [(BATCH, UNITS)] * states
    return [Tensor(rng.normal(0, 0.5, s).astype(np.float32), tracked=True) for s in shapes]


def results(name: str, in_chunks: bool, **settings: Any) -> tuple[list[Any], list[Any]]:
    """Outputs, and the gradients of a sum over them with weights of their own."""
    inputs = inputs_of(name)
    with Tape() as tape:
        outputs = getattr(recurrent, name)(*inputs, in_chunks=in_chunks, **settings)
        rng = np.random.default_rng(1)
        terms = [ops.sum(o * rng.normal(size=o.shape).astype(np.float32)) for o in outputs]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
    return [o.data for o in outputs], tape.gradient(total, inputs)


def masks_of(kind: str) -> np.ndarray | None:
    if kind == "none":
        return None
    mask = np.ones((BATCH, STEPS), bool)
    if kind == "padding":
        mask[0, :13] = mask[1, 8:] = False
    else:
        mask[:] = np.random.default_rng(2).random((BATCH, STEPS)) > 0.4
        mask[2] = False
    return mask


@pytest.mark.usefixtures("implementation", "short_chunks")
@pytest.mark.parametrize("name", list(GATES))
@pytest.mark.parametrize("mask", ["none", "padding", "holes"])
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("sequences", ["last", "all", "zeros"])
def test_chunks_give_what_the_whole_sequence_gives(
    name: str, mask: str, go_backwards: bool, sequences: str
) -> None:
    settings: dict[str, Any] = {
        "mask": masks_of(mask),
        "go_backwards": go_backwards,
        "return_sequences": sequences != "last",
        "zero_output_for_mask": sequences == "zeros",
    }
    plain, expected = results(name, False, **settings)
    chunked, found = results(name, True, **settings)
    for a, b in zip(chunked, plain, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


@pytest.mark.usefixtures("short_chunks")
@pytest.mark.parametrize("name", list(GATES))
def test_chunks_drop_what_the_whole_sequence_drops(name: str) -> None:
    rng = np.random.default_rng(3)
    count = GATES[name]
    settings = {
        "input_dropout": (rng.random((count, BATCH, FEATURES)) > 0.3).astype(np.float32) / 0.7,
        "recurrent_dropout": (rng.random((count, BATCH, UNITS)) > 0.3).astype(np.float32) / 0.7,
        "return_sequences": True,
    }
    plain, expected = results(name, False, **settings)
    chunked, found = results(name, True, **settings)
    for a, b in zip(chunked + found, plain + expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


@pytest.mark.usefixtures("short_chunks")
def test_only_the_states_at_borders_stay_between_the_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept: list[bool] = []
    found = recurrent.find_kernel

    def noting(name: str, dtype: Any, bfloat16: bool) -> Callable[..., Any]:
        run = found(name, dtype, bfloat16)

        def wrapped(*arguments: Any) -> Any:
            kept.append(arguments[-1])
            return run(*arguments)

        return wrapped if name.endswith("_forward") else run

    monkeypatch.setattr(recurrent, "find_kernel", noting)
    inputs = inputs_of("gru")
    with Tape() as tape:
        output, _ = recurrent.gru(*inputs, in_chunks=True)
    assert kept == [False] * 5
    tape.gradient(output, inputs)
    assert kept == [False] * 5 + [True] * 5


@pytest.mark.usefixtures("short_chunks")
def test_the_gradient_can_be_taken_twice() -> None:
    inputs = inputs_of("lstm")
    with Tape() as tape:
        output, *_ = recurrent.lstm(*inputs, in_chunks=True)
    for a, b in zip(tape.gradient(output, inputs), tape.gradient(output, inputs), strict=True):
        np.testing.assert_array_equal(a, b)


def test_chunks_grow_with_the_square_root_of_the_length() -> None:
    assert recurrent_chunks.chunk_length(10, 64) == recurrent_chunks.SHORTEST_CHUNK
    assert recurrent_chunks.chunk_length(10_000, 64) == 100
    assert recurrent_chunks.chunk_length(100_000, 64) == 317
    assert recurrent_chunks.chunk_length(1_000, 2) * 2 == recurrent_chunks.FEWEST_ROWS


@pytest.mark.parametrize("cell", [layers.SimpleRNN, layers.LSTM, layers.GRU])
@pytest.mark.parametrize("both_ways", [False, True])
def test_a_model_made_in_a_scope_learns_the_same(
    cell: Any, both_ways: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recurrent_chunks, "FEWEST_ROWS", 1)
    x = np.random.default_rng(0).normal(size=(4, 150, 2)).astype(np.float32)
    x[0, 100:] = x[1, :70] = 0
    y = x[:, :, :1].mean(axis=1)

    def trained(mode: str | None) -> list[np.ndarray]:
        utils.set_random_seed(1)
        with RematScope(mode):
            reader = cell(5, dropout=0.2, recurrent_dropout=0.2, return_sequences=True)
            last = cell(4)
        if both_ways:
            with RematScope(mode):
                last = layers.Bidirectional(last)
        model = Sequential([Input((None, 2)), layers.Masking(), reader, last, layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=2, verbose=0)
        return model.get_weights()

    for a, b in zip(trained("full"), trained(None), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def covered(layer: Any, **arguments: Any) -> bool:
    with RematScope(**arguments):
        made = layer()
    return bool(made._in_chunks((8, 200, 3)))


def test_the_modes_choose_layers_as_in_keras() -> None:
    def sequences() -> Any:
        return layers.GRU(4, return_sequences=True, name="long")

    assert covered(lambda: layers.GRU(4))
    assert not covered(lambda: layers.GRU(4), mode=None)
    assert not covered(lambda: layers.GRU(4), mode="activations")
    assert covered(sequences, mode="larger_than")
    assert not covered(lambda: layers.GRU(4), mode="larger_than")
    assert not covered(sequences, mode="larger_than", output_size_threshold=6400)
    assert covered(sequences, mode="list_of_layers", layer_names=["long"])
    assert not covered(sequences, mode="list_of_layers", layer_names=["short"])
    assert not layers.GRU(4)._in_chunks((8, 200, 3))
    with RematScope("full"), RematScope(None):
        inner = layers.GRU(4)
    assert not inner._in_chunks((8, 200, 3))
    with pytest.raises(ValueError, match=r"RematScope expected mode .*got 'some'"):
        RematScope("some")


def test_remat_computes_again_with_the_same_chance_and_reaches_captured_weights() -> None:
    weight = Variable(np.array([0.5, 2.0], np.float32))
    x = Tensor(np.arange(6, dtype=np.float32).reshape(3, 2), tracked=True)
    dropout = layers.Dropout(0.5, seed=3)
    calls = []

    def f(x: Any) -> Any:
        calls.append(1)
        y = dropout(ops.tanh(x * weight), training=True)
        return {"y": y, "squares": ops.square(y), "given": x}

    def gradients(function: Any) -> list[Any]:
        dropout.seed_generator.count = 0
        with Tape() as tape:
            found = function(x)
            total = ops.sum(found["y"] * 3) + ops.sum(found["squares"]) + ops.sum(found["given"])
        found_gradients = [found["y"].data, *tape.gradient(total, [x, weight])]
        assert dropout.seed_generator.count == 1
        return found_gradients

    expected = gradients(f)
    assert len(calls) == 1
    for a, b in zip(gradients(remat(f)), expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    assert len(calls) == 3


def test_remat_keeps_no_step_of_the_function() -> None:
    x = Tensor(np.ones(4, np.float32), tracked=True)
    with Tape() as tape:
        remat(lambda x: ops.exp(ops.exp(ops.exp(x))))(x)
    assert len(tape.steps) == 1


def test_remat_outside_of_training_just_calls() -> None:
    assert remat(layers.Dense(2))(np.ones((3, 4))).shape == (3, 2)
    assert remat(layers.Dense(2))(Input((4,))).shape == (None, 2)
