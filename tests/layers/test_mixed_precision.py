"""`mixed_bfloat16`: what layers say of it, and that they learn what float32 would."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leftfold import Input, Sequential, layers, models, ops, streaming, utils
from leftfold.dtype_policies import DTypePolicy, dtype_policy, set_global_policy
from leftfold.engine import Tape, Tensor, kernels, legacy
from leftfold.interop import keras_alias
from leftfold.interop.onnx import backend, onnx_model
from tests.layers.recurrent.helpers import every_layer, flat, holes, numbers

MIXED = "mixed_bfloat16"
needs_products = pytest.mark.skipif(
    kernels.bfloat16_products() is None, reason="this processor has no products of bfloat16"
)


@pytest.fixture(autouse=True)
def float32_afterwards() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "This processor, or this build")
        yield
    set_global_policy("float32")
    kernels.use("native")


def results(layer: Any, x: np.ndarray, **call: Any) -> list[np.ndarray]:
    """Outputs, and the gradients of their sum of squares by inputs and weights."""
    x = Tensor(x, tracked=True)
    with Tape() as tape:
        outputs = layer(x, **call)
        total = ops.sum(outputs * outputs)
    return flat([outputs, *tape.gradient(total, [x, *layer.weights])])


def differences(cls: Any, x: np.ndarray, call: Any = None, **options: Any) -> list[float]:
    """For each result of a layer, how far those of the two policies are from each other."""
    made = []
    for policy in ("float32", MIXED):
        utils.set_random_seed(3)
        made.append(results(cls(dtype=policy, **options), x, **(call or {})))
    return [
        float(np.abs(mixed - plain).max() / np.abs(plain).max())
        for plain, mixed in zip(*made, strict=True)
    ]


@needs_products
@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize(
    "settings",
    [
        {"return_sequences": True},
        {"return_sequences": True, "go_backwards": True},
        {"dropout": 0.3, "seed": 1},
        {"recurrent_dropout": 0.3, "seed": 1},
        {"activation": "gelu", "return_sequences": True},
    ],
    ids=lambda settings: next(iter(reversed(settings))),
)
@every_layer
def test_a_recurrence_differs_from_float32_by_the_rounding_alone(cls, options, settings, mask):
    x = numbers(5, 9, 7)
    call = {"mask": holes(5, 9)} if mask else {}
    found = differences(cls, x, call, units=20, **options, **settings)
    assert max(found) < 0.03
    # A cell that runs step by step, as with an activation that no kernel knows, is as exact as
    # in float32.
    assert (max(found) > 1e-5) == ("activation" not in settings)


@needs_products
def test_a_dense_layer_differs_from_float32_by_the_rounding_alone() -> None:
    utils.set_random_seed(0)
    found = differences(layers.Dense, numbers(6, 9), units=5)
    assert 1e-5 < max(found) < 0.01


@needs_products
@every_layer
def test_results_do_not_depend_on_the_number_of_threads(cls, options):
    from leftfold import config

    x, before = numbers(33, 40, 30), config.threads()
    found = []
    try:
        for threads in (1, 2, 4):
            config.set_threads(threads)
            utils.set_random_seed(0)
            found.append(results(cls(100, dtype=MIXED, **options), x))
    finally:
        config.set_threads(before)
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_arrays_and_weights_are_float32() -> None:
    layer = layers.LSTM(3, dtype=MIXED, return_state=True)
    outputs = layer(np.ones((2, 4, 5)))
    assert {o.dtype for o in outputs} == {"float32"}
    assert {w.dtype for w in layer.weights} == {"float32"}
    assert layer.compute_output_spec(Input((4, 5)))[0].dtype == "float32"


def test_the_global_policy_holds_for_layers_made_from_now_on() -> None:
    before = layers.GRU(2)
    set_global_policy(MIXED)
    after = layers.Bidirectional(layers.GRU(2))
    assert dtype_policy() == DTypePolicy(MIXED)
    assert before.compute_dtype == "float32"
    assert after.forward_layer.cell.compute_dtype == after.compute_dtype == "bfloat16"
    set_global_policy("float32")
    assert layers.GRU(2).compute_dtype == "float32"


def test_scripts_find_the_policy_where_keras_has_it() -> None:
    keras_alias.install()
    try:
        from keras import mixed_precision

        mixed_precision.set_global_policy(MIXED)
        assert mixed_precision.global_policy().compute_dtype == "bfloat16"
    finally:
        keras_alias.uninstall()


def test_a_layer_of_the_users_own_may_cast_to_its_compute_dtype() -> None:
    class Halves(layers.Layer):
        def call(self, x: Any) -> Any:
            return ops.cast(x, self.compute_dtype) * ops.ones((), dtype=self.compute_dtype) / 2

    assert Halves(dtype=MIXED)(np.ones(2)).dtype == "float32"


def test_a_policy_survives_saving(tmp_path: Path) -> None:
    parts = [
        layers.LSTM(3, dtype=MIXED),
        layers.Dense(2, dtype=DTypePolicy(MIXED)),
        layers.Dense(1),
    ]
    model = Sequential([Input((None, 4)), *parts])
    model.save(tmp_path / "model.keras")
    again = models.load_model(tmp_path / "model.keras")
    assert [layer.dtype_policy.name for layer in again.layers] == [MIXED, MIXED, "float32"]
    x = numbers(2, 5, 4)
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


def test_graphs_and_streams_of_a_mixed_model_compute_in_float32() -> None:
    x, made = numbers(2, 5, 4), []
    for policy in ("float32", MIXED):
        utils.set_random_seed(0)
        parts = [layers.GRU(3, dtype=policy), layers.Dense(2, dtype=policy)]
        made.append(Sequential([Input((None, 4)), *parts]))
    expected = made[0].predict(x, verbose=0)
    (graph,) = backend.run_model(onnx_model(made[1]), [x])
    np.testing.assert_allclose(graph, expected, rtol=1e-5, atol=1e-6)
    stepper = streaming.compile(made[1])
    for step in x[0]:
        y = stepper.step(step)
    np.testing.assert_allclose(y, expected[0], rtol=1e-5, atol=1e-6)


def test_without_products_of_bfloat16_it_is_float32_and_says_so_once(monkeypatch) -> None:
    monkeypatch.setattr(kernels, "bfloat16_products", lambda: None)
    kernels._cache.clear()
    legacy.forget_told()
    with pytest.warns(UserWarning, match="layers of mixed_bfloat16 compute in float32"):
        set_global_policy(MIXED)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert layers.LSTM(3).compute_dtype == "bfloat16"
    set_global_policy("float32")
    assert max(differences(layers.LSTM, numbers(2, 5, 4), units=3)) == 0
    kernels._cache.clear()


def test_the_reference_computes_in_float32() -> None:
    kernels.use("reference")
    assert kernels.bfloat16_products() is None
    assert max(differences(layers.GRU, numbers(2, 5, 4), units=3)) == 0


@needs_products
def test_a_long_sequence_in_chunks_gives_the_gradients_of_the_whole_one() -> None:
    from leftfold import RematScope

    x, found = numbers(3, 1500, 4), []
    for mode in (None, "full"):
        utils.set_random_seed(0)
        with RematScope(mode=mode):
            layer = layers.LSTM(8, dtype=MIXED)
        found.append(results(layer, x))
    for whole, chunks in zip(*found, strict=True):
        np.testing.assert_allclose(chunks, whole, atol=0.02 * np.abs(whole).max())
