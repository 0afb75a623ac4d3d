"""Choices and loops, and that gradients flow through what really ran."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold import ops
from leftfold.engine import Tape, Tensor


def test_cond_runs_only_the_branch_that_holds():
    assert ops.cond(Tensor(True), lambda: 1, lambda: 1 / 0) == 1
    assert ops.cond(0, lambda: 1 / 0, lambda: 2) == 2


def test_switch_stays_within_its_branches():
    branches = [lambda x: x + 1, lambda x: x * 10]
    assert [ops.switch(index, branches, 5) for index in (-3, 0, 1, Tensor(7))] == [6, 6, 50, 50]


def test_while_loop_stops_by_condition_or_count():
    assert ops.while_loop(lambda i, _: i < 5, lambda i, s: (i + 1, s + i), (0, 0)) == (5, 10)
    assert ops.while_loop(lambda i: i < 5, lambda i: i + 1, 0, maximum_iterations=3) == 3
    assert ops.while_loop(lambda i: i < 5, lambda i: [i + 1], [0]) == (5,)


def test_fori_loop_carries_a_value():
    assert ops.fori_loop(1, 5, lambda i, value: value * i, 1) == 24


def test_scan_is_a_left_fold_that_keeps_every_result():
    xs = np.arange(1.0, 5.0, dtype=np.float32)
    last, products = ops.scan(lambda p, x: (p * x, p * x), 1.0, xs)
    assert last.item() == 24.0
    assert products.tolist() == [1.0, 2.0, 6.0, 24.0]
    last, products = ops.scan(lambda p, x: (p * x, p * x), 1.0, xs, reverse=True)
    assert products.tolist() == [24.0, 24.0, 12.0, 4.0]


def test_scan_takes_structures_or_a_length_alone():
    pairs = (np.ones((3, 2)), np.arange(3.0))
    _, (totals, copies) = ops.scan(lambda c, x: (c, (ops.sum(x[0]) + x[1], x[1])), None, pairs)
    assert totals.tolist() == [2.0, 3.0, 4.0]
    assert copies.tolist() == [0.0, 1.0, 2.0]
    assert ops.scan(lambda c, _: (c + 1, None), 0, length=4) == (4, None)
    with pytest.raises(ValueError, match="scan expected xs or length"):
        ops.scan(lambda c, x: (c, x), 0)
    with pytest.raises(ValueError, match="length expected 3"):
        ops.scan(lambda c, x: (c, x), 0, np.ones(3), length=4)


def test_map_stacks_what_the_function_returns():
    rows = np.arange(6.0).reshape(3, 2)
    assert ops.map(lambda x: x[0] * x[1], rows).tolist() == [0.0, 6.0, 20.0]
    both = ops.vectorized_map(lambda pair: pair[0] + pair[1], [rows, rows])
    assert both.tolist() == (2 * rows).tolist()


def test_gradients_flow_through_scan():
    x = Tensor(np.array([2.0, 3.0, 4.0]), tracked=True)
    with Tape() as tape:
        last, products = ops.scan(lambda p, v: (p * v, p * v), Tensor(1.0), x)
        y = last + ops.sum(products)
    assert tape.gradient(y, [x])[0].tolist() == [1 + 3 + 24, 2 + 16, 12]


def test_custom_gradient_replaces_the_gradient():
    @ops.custom_gradient
    def identity_with_gradient_of_five(x):
        return x * 1.0, lambda upstream: upstream * 5.0

    x = Tensor(np.array([1.0, 2.0]), tracked=True)
    with Tape() as tape:
        y = identity_with_gradient_of_five(x) * 2.0
    assert y.tolist() == [2.0, 4.0]
    assert tape.gradient(y, [x])[0].tolist() == [10.0, 10.0]
    assert identity_with_gradient_of_five(np.ones(2)).tolist() == [1.0, 1.0]
