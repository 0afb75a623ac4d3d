"""Activations by name, in configurations, and the variants that only this module has."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold import activations, ops
from leftfold.engine import KerasTensor, Tape, Tensor
from leftfold.engine.reference.activations import activation_by_name

NAMES = sorted(activations._REGISTRY.names)
X = np.linspace(-4, 4, 40).reshape(4, 10)


@pytest.mark.parametrize("name", NAMES)
def test_every_activation_is_found_by_name_and_survives_serialisation(name):
    function = activations.get(name)
    assert getattr(activations, name) is function
    assert activations.get(function) is function
    assert activations.deserialize(activations.serialize(function)) is function
    if name not in ("swish", "hard_swish"):
        assert activations.serialize(function) == name


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"threshold"}))
def test_every_activation_is_differentiable_and_symbolic(name):
    function = activations.get(name)
    x = Tensor(X, tracked=True)
    with Tape() as tape:
        y = ops.sum(function(x))
    step = 1e-6
    direction = np.random.default_rng(0).standard_normal(X.shape)
    above, below = (ops.sum(function(Tensor(X + way * direction))).item() for way in (step, -step))
    slope = (above - below) / (2 * step)
    assert np.sum(tape.gradient(y, [x])[0] * direction) == pytest.approx(slope, rel=1e-5, abs=1e-6)
    assert function(KerasTensor((None, 10))).dtype == "float32"


def test_none_means_linear():
    assert activations.get(None) is activations.linear
    assert activations.linear(5.0) == 5.0


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(ValueError, match=r"Unknown activation 'sigmod'\. Did you mean 'sigmoid'\?"):
        activations.get("sigmod")
    with pytest.raises(ValueError, match="activation"):
        activations.get(3)


def test_functions_of_the_user_pass_through():
    def mine(x):
        return x * 2

    assert activations.get(mine) is mine
    config = activations.serialize(mine)
    assert config["config"] == "mine"
    assert activations.deserialize(config, custom_objects={"mine": mine}) is mine


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [0.0, 0.0, 0.0, 5.0, 10.0]),
        ({"negative_slope": 0.5}, [-5.0, -2.5, 0.0, 5.0, 10.0]),
        ({"max_value": 6.0}, [0.0, 0.0, 0.0, 5.0, 6.0]),
        ({"threshold": 5.0}, [0.0, 0.0, 0.0, 0.0, 10.0]),
        ({"negative_slope": 0.1, "threshold": 1.0}, [-1.1, -0.6, -0.1, 5.0, 10.0]),
        ({"negative_slope": 0.1, "max_value": 7.0}, [-1.0, -0.5, 0.0, 5.0, 7.0]),
    ],
)
def test_relu_and_its_variants(settings, expected):
    x = np.array([-10.0, -5.0, 0.0, 5.0, 10.0])
    np.testing.assert_allclose(activations.relu(x, **settings).data, expected, atol=1e-12)


def test_gelu_is_exact_by_default_here_and_approximate_in_ops():
    assert activations.gelu(1.0).item() == pytest.approx(0.841345, abs=1e-6)
    assert activations.gelu(1.0, approximate=True).item() == pytest.approx(0.841192, abs=1e-6)
    assert ops.gelu(1.0).item() == pytest.approx(0.841192, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_kernel_names_are_those_whose_values_the_kernels_compute(name):
    function = activations.get(name)
    known = activations.kernel_name(function)
    if known is None:
        return
    expected = activation_by_name(known).function(X)
    np.testing.assert_allclose(np.asarray(function(X)), expected, rtol=1e-9, atol=1e-12)


def test_kernel_names():
    known = {name for name in NAMES if activations.kernel_name(activations.get(name))}
    assert known == {
        *("linear", "tanh", "sigmoid", "relu", "hard_sigmoid", "softplus", "softsign", "elu"),
        *("selu", "exponential", "relu6"),
    }
    assert activations.kernel_name(lambda x: x) is None
