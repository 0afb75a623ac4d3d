"""What a trace repeats, and what it refuses to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leftfold import ops
from leftfold.engine import Tape, Tensor, Variable
from leftfold.engine.random import SeedGenerator
from leftfold.engine.tensor import as_full_array
from leftfold.engine.trace import Trace


def traced(function: Any, *inputs: Tensor) -> Trace:
    with Trace(inputs) as trace:
        results = function(*inputs)
    trace.end([results])
    return trace


def tensor(*values: float) -> Tensor:
    return Tensor(np.array(values, np.float32))


def test_repeats_for_other_values():
    trace = traced(lambda x: ops.sum(ops.exp(x) * 2 - x), tensor(1, 2))
    assert trace.whole
    _, (result,) = trace.run([tensor(0, 3)])
    np.testing.assert_allclose(result.numpy(), 2 + 2 * np.exp(3) - 3, rtol=1e-6)


def test_reads_variables_anew_and_gives_their_gradients():
    weight = Variable(np.array([2.0, 3.0], np.float32))
    with Tape():
        trace = traced(lambda x: ops.sum(x * weight), tensor(1, 1))
    weight.assign([5.0, 7.0])
    tape, (result,) = trace.run([tensor(10, 100)])
    assert result.item() == 750
    np.testing.assert_array_equal(tape.gradient(result, [weight])[0], [10, 100])


def test_gradients_go_on_from_what_was_repeated():
    weight, unread = Variable(np.array([2.0, 3.0], np.float32)), Variable(np.ones(2, np.float32))
    with Tape():
        trace = traced(lambda x: ops.sum(x * weight), tensor(1, 1))
    tape, (result,) = trace.run([tensor(10, 100)])
    for _ in range(2):
        np.testing.assert_array_equal(tape.gradient(result, [weight])[0], [10, 100])
    found = tape.gradient(result, [weight, unread])
    np.testing.assert_array_equal(found[0], [10, 100])
    assert found[1] is None
    with tape:
        scaled = result * 3
    np.testing.assert_array_equal(tape.gradient(scaled, [weight])[0], [30, 300])
    np.testing.assert_array_equal(tape.gradient(result, [weight])[0], [10, 100])


def test_gradients_follow_the_order_in_which_sources_are_given():
    a, b = (Variable(np.array([value], np.float32)) for value in (2, 3))
    unread = Variable(np.ones(1, np.float32))
    with Tape():
        trace = traced(lambda x: ops.sum(x * a + x * x * b), tensor(1))
    tape, (result,) = trace.run([tensor(10)])
    both, turned = (a, b), (b, a)
    for sources in (both, both, turned, list(both), both, [b], (a, unread, b), both):
        expected = [{id(a): 10, id(b): 100}.get(id(source)) for source in sources]
        found = tape.gradient(result, sources)
        assert [None if g is None else g.item() for g in found] == expected


def test_takes_lists_of_tensors_and_several_results_of_one_primitive():
    def halves(x: Tensor) -> Any:
        left, right = ops.split(x, 2)
        return ops.concatenate([right, left])

    trace = traced(halves, tensor(1, 2))
    assert trace.whole
    assert trace.run([tensor(3, 4)])[1][0].tolist() == [4, 3]


def test_draws_new_random_numbers():
    seeds = SeedGenerator(1)
    ones = Tensor(np.ones(64, np.float32))
    trace = traced(lambda x: ops.dropout(x, 0.5, seeds.next()), ones)
    first, second = (trace.run([ones])[1][0].numpy() for _ in range(2))
    assert (first != second).any()
    again = SeedGenerator(1)
    again.next()
    np.testing.assert_array_equal(first, ops.dropout(ones, 0.5, again.next()).numpy())


SEEDS = SeedGenerator(1)
KEY = SEEDS.next()


def twice(x: Tensor) -> Any:
    key = SEEDS.next()
    return ops.dropout(x, 0.5, key) + ops.dropout(x, 0.5, key)


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda x: ops.dropout(x, 0.5, KEY), id="drawn before"),
        pytest.param(twice, id="used twice"),
        pytest.param(lambda x: x * float(SEEDS.next()[1] > 0), id="used otherwise"),
    ],
)
def test_refuses_random_keys_that_are_not_drawn_for_one_primitive(function: Any):
    assert not traced(function, tensor(1, 2)).whole


FOREIGN = np.array([1.0, 2.0], np.float32)
STATE = Variable(np.zeros(2, np.float32), trainable=False)


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda x: x * FOREIGN, id="array"),
        pytest.param(lambda x: x * Tensor(FOREIGN), id="tensor"),
        pytest.param(lambda x: x * ops.sum(x).item(), id="item"),
        pytest.param(lambda x: x * float(ops.sum(x)), id="float"),
        pytest.param(lambda x: x if ops.sum(x) > 0 else -x, id="branch"),
        pytest.param(lambda x: x * ops.convert_to_tensor(np.asarray(x) + 1), id="numpy"),
        pytest.param(lambda x: x * STATE.assign(x), id="assign"),
        pytest.param(lambda x: x * STATE.assign_add([1.0, 1.0]), id="assign_add"),
        pytest.param(lambda x: ops.where(x > 1, x, np.zeros(2, np.float32)), id="where"),
        pytest.param(lambda x: Tensor(x.data + 1), id="result"),
        pytest.param(lambda x: x if np.all(as_full_array(x) > 0) else -x, id="bare array"),
        pytest.param(lambda x: x[(ops.argsort(x),)], id="key with a tensor in it"),
        pytest.param(lambda x: x[(np.array([1, 0]),)], id="key with an array in it"),
        pytest.param(lambda x: x[: ops.argmax(x)], id="slice up to a tensor"),
    ],
)
def test_refuses_what_it_cannot_account_for(function: Any):
    assert not traced(function, tensor(1, 2)).whole


def test_refuses_the_same_tensor_twice():
    x = tensor(1, 2)
    assert not traced(lambda x, y: x + y, x, x).whole


def test_an_error_ends_the_trace():
    with pytest.raises(ValueError), Trace([tensor(1)]):
        ops.matmul(tensor(1, 2), tensor(1, 2, 3))
    trace = traced(ops.exp, tensor(1))
    assert trace.whole


def test_a_trace_inside_another_spoils_only_that():
    x = tensor(1, 2)
    with Trace([x]) as outer:
        inner = traced(ops.exp, x)
        result = x * 2
    outer.end([result])
    assert inner.whole and not outer.whole
