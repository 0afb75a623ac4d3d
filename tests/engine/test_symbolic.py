"""Symbolic tensors: shapes that are inferred, and uses that are refused."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold import ops
from leftfold.engine import KerasTensor, Tensor
from leftfold.engine.symbolic import infer, is_symbolic, leaves, map_structure


def symbol(*shape: int | None, dtype: str = "float32") -> KerasTensor:
    return KerasTensor(shape, dtype)


@pytest.mark.parametrize(
    ("call", "shape"),
    [
        (lambda: symbol(None, 3) + symbol(3), (None, 3)),
        (lambda: symbol(None, None) * symbol(None, 1), (None, None)),
        (lambda: ops.matmul(symbol(None, 7, 3), symbol(3, 5)), (None, 7, 5)),
        (lambda: ops.sum(symbol(None, 7), axis=0), (7,)),
        (lambda: ops.mean(symbol(None, 7), axis=1, keepdims=True), (None, 1)),
        (lambda: symbol(None, 7, 5)[:, -1, :], (None, 5)),
        (lambda: symbol(None, None, 5)[:, 12, :], (None, 5)),
        (lambda: symbol(None, None, 5)[:, 10:], (None, None, 5)),
        (lambda: symbol(None, None, 5)[:, :10], (None, None, 5)),
        (lambda: symbol(None, 7, 5)[:, 10:], (None, 0, 5)),
        (lambda: symbol(None, 7, 5)[..., None, ::2], (None, 7, 1, 3)),
        (lambda: symbol(None, 7)[:, np.array([0, 1, 1])], (None, 3)),
        (lambda: ops.reshape(symbol(None, 4, 5), (-1, 20)), (None, 20)),
        (lambda: ops.reshape(symbol(None, 4, 5), (-1, 7)), (None, 7)),
        (lambda: ops.reshape(symbol(3, 4), (2, -1)), (2, 6)),
        (lambda: ops.squeeze(symbol(None, 1, 5), 1), (None, 5)),
        (lambda: ops.squeeze(symbol(None, 1, 5)), (None, 5)),
        (lambda: ops.expand_dims(symbol(None, 5), -1), (None, 5, 1)),
        (lambda: ops.concatenate([symbol(None, 2), symbol(None, 3)], axis=-1), (None, 5)),
        (lambda: ops.concatenate([symbol(None, 2), symbol(None, 2)], axis=0), (None, 2)),
        (lambda: ops.stack([symbol(None, 2), symbol(None, 2)], axis=1), (None, 2, 2)),
        (lambda: ops.transpose(symbol(None, 2, 3), (1, 2, 0)), (2, 3, None)),
        (lambda: ops.softmax(symbol(None, 10)), (None, 10)),
        (lambda: ops.one_hot(symbol(None, 4, dtype="int32"), 9), (None, 4, 9)),
        (lambda: ops.top_k(symbol(None, None), 20)[0], (None, 20)),
        (lambda: ops.split(symbol(None, 6), 3, axis=1)[2], (None, 2)),
        (lambda: ops.split(symbol(None, 6), 5, axis=0)[0], (None, 6)),
        (lambda: ops.unstack(symbol(None, 3, 2), axis=1)[1], (None, 2)),
        (lambda: ops.unstack(symbol(None, 2), num=7)[6], (2,)),
        (lambda: ops.embedding(symbol(9, 4), symbol(None, None, dtype="int32")), (None, None, 4)),
        (lambda: ops.dense(symbol(None, None, 3), symbol(3, 8), symbol(8)), (None, None, 8)),
        (lambda: ops.pad(symbol(None, 3), ((0, 0), (1, 2))), (None, 6)),
        (lambda: ops.repeat(symbol(None, 3), 2, axis=0), (None, 3)),
        (lambda: ops.argmax(symbol(None, 3), axis=-1), (None,)),
        (lambda: symbol(None, 3).T, (3, None)),
        (lambda: symbol(None, 4).reshape(-1, 2, 2), (None, 2, 2)),
    ],
)
def test_unknown_sizes_stay_unknown_and_known_ones_known(call, shape):
    assert call().shape == shape


def test_types_are_inferred():
    assert (symbol(None) > 0).dtype == "bool"
    assert ops.argmax(symbol(None, 3)).dtype == "int32"
    assert (symbol(None, dtype="int32") / 2).dtype == "float32"
    assert ops.cast(symbol(None), "float64").dtype == "float64"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: symbol(None, 3) + symbol(None, 4), ValueError, "broadcast"),
        (lambda: symbol(None, 3) @ symbol(4, 2), ValueError, "matmul expected"),
        (lambda: symbol(None, 3)[:, 3], IndexError, "out of bounds for shape .None, 3."),
        (lambda: symbol(None, 3)[0, 0, 0], IndexError, "more positions"),
        (lambda: ops.reshape(symbol(None, 3), (-1, -1)), ValueError, "at most one unknown"),
        (lambda: ops.reshape(symbol(2, 3), (4, 2)), ValueError, "cannot reshape"),
        (lambda: ops.squeeze(symbol(None, 3), 1), ValueError, "to have size 1"),
        (lambda: ops.unstack(symbol(None, 3)), ValueError, "known size"),
        (lambda: len(symbol(None)), TypeError, "has no values yet"),
        (lambda: bool(symbol(None) > 1), TypeError, "a Python condition"),
        (lambda: list(symbol(3)), TypeError, "iteration"),
        (lambda: float(symbol()), TypeError, "leftfold.ops"),
        (lambda: np.exp(symbol(3)), TypeError, "NumPy"),
    ],
)
def test_misuse_is_a_clear_error(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_python_operators_name_their_operations_as_keras_does():
    x = symbol(None, 3)
    names = [
        result.history[0].name
        for result in (x + 1, 1 - x, x * 2, x / 2, x**2, -x, x[:, 0], x != 0, x == 0, abs(x))
    ]
    assert names == [
        *("add", "subtract", "multiply", "true_divide", "power", "negative", "get_item"),
        *("not_equal", "equal", "absolute"),
    ]


def test_symbolic_tensors_are_compared_by_identity_with_each_other():
    x, y = symbol(None, 3), symbol(None, 3)
    assert y in [x, y]
    assert x not in [y]
    assert {x: 1}[x] == 1
    assert (x == None) is False  # noqa: E711
    assert (x != None) is True  # noqa: E711


def test_arguments_that_are_values_stay_in_the_graph():
    x, w = symbol(None, 3), Tensor(np.ones(3, np.float32))
    node = (x * w).history[0].inbound_nodes[0]
    assert node.args == (x, w)
    assert node.inputs == [x]


def test_infer_runs_any_function_and_keeps_its_structure():
    result = infer(lambda x: {"b": x[:, :1], "a": (x, 5)}, symbol(None, 3))
    assert list(result) == ["b", "a"]
    assert result["b"].shape == (None, 1)
    assert result["a"][0].shape == (None, 3)
    assert result["a"][1] == 5


def test_infer_leaves_a_slice_unknown_that_begins_behind_the_stand_ins():
    assert infer(lambda x: x[:, 10:], symbol(None, None, 5)).shape == (None, None, 5)
    assert infer(lambda x: x[:, 10:], symbol(2, 7, 5)).shape == (2, 0, 5)


def test_infer_gives_up_with_the_error_of_the_function():
    with pytest.raises(ZeroDivisionError):
        infer(lambda x: 1 / 0, symbol(None))


def test_structures():
    nested = {"b": [1, (2, 3)], "a": 4}
    assert list(leaves(nested)) == [4, 1, 2, 3]
    assert map_structure(lambda n: n * 10, nested) == {"b": [10, (20, 30)], "a": 40}
    assert is_symbolic(1, [{"x": symbol(2)}])
    assert not is_symbolic(1, [np.ones(2)])
