"""Tensors and variables as Python objects: operators, conversion, flat buffers."""

from __future__ import annotations

import copy
import operator
import pickle

import numpy as np
import pytest

from leftfold import ops
from leftfold.engine import FlatBuffer, Tape, Tensor, Variable
from leftfold.engine.tensor import as_array, as_full_array

A = np.array([[1.0, -2.0], [3.5, 4.0]], np.float32)
B = np.array([[2.0, 3.0], [0.5, 2.0]], np.float32)

BINARY = [
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv),
    *(operator.mod, operator.matmul, operator.lt, operator.le, operator.gt, operator.ge),
    *(operator.eq, operator.ne),
]


@pytest.mark.parametrize("apply", BINARY, ids=lambda f: f.__name__)
def test_operators_compute_as_numpy_with_tensors_and_arrays_on_either_side(apply):
    expected = apply(A, B)
    for left, right in ((Tensor(A), Tensor(B)), (Tensor(A), B), (A, Tensor(B))):
        result = apply(left, right)
        assert isinstance(result, Tensor)
        assert result.dtype == expected.dtype.name
        np.testing.assert_allclose(result.data, expected, rtol=1e-6)


@pytest.mark.parametrize("number", [2, 2.5, np.float64(2.5), np.float32(2.5), np.int64(2), True])
@pytest.mark.parametrize(
    "apply",
    [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow],
    ids=lambda f: f.__name__,
)
def test_numbers_on_either_side_leave_float32_alone(number, apply):
    x = Tensor(B)
    for result, expected in (
        (apply(x, number), apply(B, float(number))),
        (apply(number, x), apply(float(number), B)),
    ):
        assert isinstance(result, Tensor)
        assert result.dtype == "float32"
        np.testing.assert_allclose(result.data, expected, rtol=1e-6)


def test_integers_beside_floats_become_float32():
    ints = np.arange(1, 5).reshape(2, 2)
    for result in (Tensor(A) + ints, ints * Tensor(A), Tensor(ints) / 2, Tensor(ints) / ints.T):
        assert result.dtype == "float32"
    assert (Tensor(np.arange(3, dtype=np.int32)) * 2).dtype == "int32"
    assert ops.mean(ints).dtype == "float32"
    assert ops.exp(ints).dtype == "float32"


def test_unary_operators():
    x = Tensor(A)
    assert (-x).tolist() == (-A).tolist()
    assert abs(x).tolist() == np.abs(A).tolist()
    assert (~(x > 0)).tolist() == (A <= 0).tolist()
    assert round(Tensor([1.26]), 1).data == pytest.approx(1.3)
    assert ((x > 0) & (x < 2) | (x > 3)).tolist() == [[True, False], [True, True]]
    assert ((x > 0) ^ True).tolist() == (A <= 0).tolist()


def test_indexing_iteration_and_shape():
    x = Tensor(A)
    assert x[0].tolist() == [1.0, -2.0]
    assert x[:, None, -1].tolist() == [[-2.0], [4.0]]
    assert x[Tensor([1])].tolist() == [[3.5, 4.0]]
    assert [row.tolist() for row in x] == A.tolist()
    assert x.T.tolist() == A.T.tolist()
    assert (x.reshape(4).shape, x.reshape((1, 4)).shape, x.reshape(2, -1).shape) == (
        (4,),
        (1, 4),
        (2, 2),
    )
    assert x.astype("int32").dtype == "int32"
    assert (len(x), x.shape, x.ndim, x.size) == (2, (2, 2), 2, 4)
    with pytest.raises(TypeError, match="without axes"):
        iter(Tensor(1.0))


def test_iteration_is_recorded():
    x = Tensor(A, tracked=True)
    with Tape() as tape:
        first, second = x
        y = ops.sum(first * 2.0 + second)
    assert tape.gradient(y, [x])[0].tolist() == [[2.0, 2.0], [1.0, 1.0]]


def test_equality_with_none_and_use_as_a_key():
    x = Tensor(A)
    assert (x == None) is False  # noqa: E711
    assert (x != None) is True  # noqa: E711
    assert {x: 1}[x] == 1


def test_conversion_to_python_and_numpy():
    x = Tensor(2.5)
    assert (float(x), int(x), bool(x), x.item()) == (2.5, 2, True, 2.5)
    assert (f"{x:.2f}", f"{x}", f"{Tensor(np.arange(2))}") == ("2.50", "2.5", "[0 1]")
    assert range(5)[Tensor(np.int32(3))] == 3
    assert np.asarray(Tensor(A)) is A
    assert np.asarray(Tensor(A), np.float64).dtype == np.float64
    assert np.exp(Tensor(A)).tolist() == np.exp(A).tolist()
    with pytest.raises(ValueError, match="ambiguous"):
        bool(Tensor(A))


def test_numbers_stay_weak_and_lists_take_the_default_types():
    assert type(as_array(np.float64(2))) is float
    assert type(as_array(np.int64(2))) is int
    assert as_array(None) is None
    assert as_array([1.0, 2.0]).dtype == np.float32
    assert as_array([1, 2]).dtype == np.int32
    assert as_array([True]).dtype == np.bool_
    assert as_array(np.ones(2)).dtype == np.float64
    assert as_full_array(1.5).dtype == np.float32
    assert as_full_array(1).dtype == np.int32
    assert as_full_array(True).dtype == np.bool_


def test_variables_change_in_place_and_copy_what_they_are_given():
    values = np.ones(3, np.float32)
    w = Variable(values, name="w")
    data = w.data
    assert w.assign([1, 2, 3]) is w
    w.assign_add([1.0, 1.0, 1.0])
    w.assign_sub(np.full(3, 0.5))
    assert w.data is data
    assert w.tolist() == [1.5, 2.5, 3.5]
    assert values.tolist() == [1.0, 1.0, 1.0]
    w.numpy()[:] = 0
    assert w.value.tolist() == [1.5, 2.5, 3.5]
    assert w.dtype == "float32"


def test_a_variable_refuses_another_shape():
    w = Variable(np.ones((2, 3)), path="dense/kernel")
    with pytest.raises(ValueError, match=r"dense/kernel expected a value of shape \(2, 3\)"):
        w.assign(np.ones((3, 2)))


def test_integer_variables_are_never_tracked():
    assert not Variable(np.int64(0)).tracked
    assert Variable(0.0).tracked
    assert not Variable(0.0, trainable=False).tracked


def test_variables_are_named_in_order():
    assert [Variable(0.0).name, Variable(0.0).name] == ["variable", "variable_1"]


def test_a_variable_shows_its_name_and_values():
    shown = "<Variable path=a/b, shape=(1,), dtype=float64, value=[1.]>"
    variable = Variable([1.0], name="b", path="a/b")
    assert repr(variable) == str(variable) == f"{variable}" == shown
    assert f"{Variable(0.5):.2f}" == "0.50"


def test_a_flat_buffer_holds_its_variables_aligned():
    first, second = Variable(np.ones((2, 3), "float32")), Variable(np.full(5, 2.0, "float32"))
    buffer = FlatBuffer([first, second])
    assert first.tolist() == [[1.0] * 3] * 2
    assert buffer.starts == [0, 16]
    assert buffer.values.size == 32
    buffer.values += 1
    assert (first.data[0, 0], second.data[0]) == (2.0, 3.0)
    first.assign(np.zeros((2, 3)))
    assert buffer.values[:6].tolist() == [0.0] * 6
    views = buffer.split(np.arange(32.0))
    assert [view.shape for view in views] == [(2, 3), (5,)]
    assert views[1][0] == 16
    assert buffer.intact


def test_a_second_flat_buffer_takes_the_variables_over():
    w = Variable(np.ones(3, "float32"))
    first = FlatBuffer([w])
    second = FlatBuffer([w])
    assert (first.intact, second.intact) == (False, True)
    assert FlatBuffer([]).values.size == 0


def test_tensors_survive_copying_and_pickling():
    for x in (Tensor(A, tracked=True), Variable(A, name="kernel", path="dense/kernel")):
        for twin in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
            assert type(twin) is type(x)
            assert twin.tolist() == A.tolist()
            assert twin.tracked
            assert twin.data is not x.data


def test_numpy_may_not_cut_a_gradient_in_silence():
    x = Tensor(A, tracked=True)
    with Tape(), pytest.raises(TypeError, match=r"shape \(2, 2\) while gradients .* leftfold.ops"):
        np.tanh(x)
    with Tape():
        np.testing.assert_array_equal(np.tanh(x.numpy()), np.tanh(A))
        np.testing.assert_array_equal(np.tanh(Tensor(A)), np.tanh(A))
    np.testing.assert_array_equal(np.tanh(x), np.tanh(A))
