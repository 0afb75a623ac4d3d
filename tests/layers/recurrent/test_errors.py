"""Wrong arguments and inputs are named before anything is computed."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold import layers
from leftfold.engine import KerasTensor
from tests.layers.recurrent.helpers import every_layer, numbers


@every_layer
@pytest.mark.parametrize("units", [0, -3, 2.5, "many", None, True])
def test_units(cls, options, units):
    message = rf"{cls.__name__} expected units to be a positive integer, got {units!r}"
    with pytest.raises(ValueError, match=message):
        cls(units, **options)


@every_layer
@pytest.mark.parametrize("symbolic", [False, True], ids=["real", "symbolic"])
def test_rank_and_features(cls, options, symbolic):
    def some(*shape):
        return KerasTensor(shape) if symbolic else numbers(*shape)

    layer = cls(4, name="reader", **options)
    with pytest.raises(ValueError, match=rf"{cls.__name__} reader expected .*\(3, 5\)"):
        layer(some(3, 5))
    layer(some(3, 5, 2))
    with pytest.raises(ValueError, match=rf"{cls.__name__} reader expected 2 .*\(3, 5, 7\)"):
        layer(some(3, 5, 7))


@every_layer
def test_an_unknown_number_of_features(cls, options):
    with pytest.raises(ValueError, match=r"known number of features, got \(None, 5, None\)"):
        cls(4, **options)(KerasTensor((None, 5, None)))


@every_layer
@pytest.mark.parametrize("symbolic", [False, True], ids=["real", "symbolic"])
def test_initial_states(cls, options, symbolic):
    def some(*shape):
        return KerasTensor(shape) if symbolic else numbers(*shape)

    layer = cls(4, **options)
    count = len(layer.state_size)
    with pytest.raises(ValueError, match=rf"initial_state to have {count} states? .*\(3, 5\)"):
        layer(some(3, 5, 2), initial_state=[some(3, 5)] * count)
    with pytest.raises(ValueError, match=rf"initial_state to have {count} states?"):
        layer(some(3, 5, 2), initial_state=[some(3, 4)] * (count + 1))
    with pytest.raises(ValueError, match="initial_state"):
        layer(some(3, 5, 2), initial_state=[some(2, 4)] * count)


@every_layer
def test_the_shape_of_a_mask(cls, options):
    with pytest.raises(ValueError, match=r"mask of shape \(3, 5\), got \(5, 3\)"):
        cls(4, **options)(numbers(3, 5, 2), mask=np.ones((5, 3), bool))


@every_layer
def test_unknown_names(cls, options):
    with pytest.raises(ValueError, match=r"tanhh.*tanh"):
        cls(4, activation="tanhh", **options)
    with pytest.raises(ValueError, match="Unknown initializer 'glorot'"):
        cls(4, kernel_initializer="glorot", **options)
    with pytest.raises(ValueError, match="does not take the argument 'unit'"):
        cls(4, unit=3, **options)


@every_layer
def test_time_may_not_come_first(cls, options):
    with pytest.raises(ValueError, match="time_major=True is not supported"):
        cls(4, time_major=True, **options)


def test_use_cudnn():
    assert layers.GRU(4, use_cudnn=True)(numbers(3, 5, 2)).shape == (3, 4)
    with pytest.raises(ValueError, match="LSTM expected use_cudnn to be 'auto', True or False"):
        layers.LSTM(4, use_cudnn="yes")
    with pytest.raises(ValueError, match="SimpleRNN does not take the argument 'use_cudnn'"):
        layers.SimpleRNN(4, use_cudnn=True)


def test_a_cell_reads_one_step():
    cell = layers.LSTMCell(4)
    with pytest.raises(ValueError, match=r"LSTMCell .*rank 2"):
        cell(numbers(3, 5, 2), cell.get_initial_state(3))


class NoState:
    def call(self, inputs, states):
        return inputs, states


@pytest.mark.parametrize("wrap", [layers.RNN, lambda cell: layers.RNN([cell])])
def test_what_is_no_cell(wrap):
    with pytest.raises(ValueError, match="to have state_size"):
        wrap(NoState())
    with pytest.raises(ValueError, match="to have call"):
        wrap("lstm")
    odd = NoState()
    odd.state_size = "four"
    with pytest.raises(ValueError, match="state_size that is an integer or a list of integers"):
        wrap(odd)
    with pytest.raises(ValueError, match="at least one cell"):
        layers.RNN([])
