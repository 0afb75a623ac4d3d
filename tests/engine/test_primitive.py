"""What `@primitive` makes of a function on arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from leftfold.engine import KerasTensor, Tape, Tensor, primitive, unbroadcast
from leftfold.engine.primitive import shape_rule


@primitive
def scaled(x: Any, /, factor: float = 2.0, *, needs: Any = ()) -> Any:
    """Times `factor`."""
    scaled.seen = needs
    return x * factor, lambda dy: dy * factor


@primitive
def joined(xs: Sequence[Any], /, axis: int = 0) -> Any:
    return np.concatenate(xs, axis), lambda dy: tuple(np.split(dy, len(xs), axis))


@primitive
def total(*xs: Any) -> Any:
    return sum(xs), lambda dy: (dy,) * len(xs)


@primitive
def halves(x: Any, /) -> Any:
    middle = len(x) // 2
    indices = np.arange(middle)

    def vjp(d_first: Any, d_second: Any, _: Any) -> Any:
        zeros = np.zeros(middle)
        return np.concatenate([zeros if d is None else d for d in (d_first, d_second)])

    return (x[:middle], x[middle:], indices), vjp


@pytest.mark.parametrize("x", [3.0, np.float32(3), np.array(3.0), Tensor(3.0), Tensor([3.0])])
def test_the_result_is_always_a_tensor(x):
    assert isinstance(scaled(x), Tensor)
    assert scaled(x).numpy().item() == 6.0
    assert type(scaled(x).data) is np.ndarray


def test_settings_are_given_by_position_or_name():
    assert scaled(1.0, 5.0).item() == 5.0
    assert scaled(1.0, factor=5.0).item() == 5.0


def test_tensors_can_be_given_by_name():
    @primitive
    def difference(x1: Any, x2: Any = 10.0, /) -> Any:
        return x1 - x2, lambda dy: (dy, -dy)

    assert difference(x1=1.0).item() == -9.0
    assert difference(4.0, x2=1.0).item() == 3.0
    with pytest.raises(TypeError, match=r"difference\(\) is missing the argument x1"):
        difference(x2=1.0)


def test_unknown_arguments_are_refused():
    with pytest.raises(TypeError, match="facto"):
        scaled(1.0, facto=3.0)


def test_name_and_documentation_are_kept():
    assert scaled.__name__ == "scaled"
    assert scaled.__doc__ == "Times `factor`."


def test_needs_tells_whose_gradient_can_be_asked_for():
    x = Tensor([1.0], tracked=True)
    scaled(x)
    assert scaled.seen == ()
    with Tape():
        scaled(x)
        assert scaled.seen == (True,)
        scaled(Tensor([1.0]))
        assert scaled.seen == ()


def test_lists_of_tensors_and_any_number_of_tensors():
    x, y = Tensor([1.0], tracked=True), Tensor([2.0], tracked=True)
    with Tape() as tape:
        z = joined([x, y]) * np.array([3.0, 4.0])
    assert [g.tolist() for g in tape.gradient(z, [x, y])] == [[3.0], [4.0]]
    with Tape() as tape:
        z = total(x, y, x)
    assert z.tolist() == [4.0]
    assert [g.tolist() for g in tape.gradient(z, [x, y])] == [[2.0], [1.0]]


def test_several_outputs_of_which_integers_are_not_tracked():
    x = Tensor([1.0, 2.0, 3.0, 4.0], tracked=True)
    with Tape() as tape:
        first, second, indices = halves(x)
    assert (first.tracked, second.tracked, indices.tracked) == (True, True, False)
    assert tape.gradient(second, [x])[0].tolist() == [0.0, 0.0, 1.0, 1.0]


def test_symbolic_tensors_build_a_graph():
    x = KerasTensor((None, 3))
    y = scaled(x, 3.0)
    operation, node_index, tensor_index = y.history
    assert (y.shape, y.dtype) == ((None, 3), "float32")
    assert (operation.name, node_index, tensor_index) == ("scaled", 0, 0)
    assert operation.function is scaled
    node = operation.inbound_nodes[0]
    assert (node.args, node.kwargs, node.inputs, node.outputs) == ((x, 3.0), {}, [x], [y])
    assert scaled(x).history[0].name == "scaled_1"
    assert [out.history[2] for out in halves(KerasTensor((4,)))] == [0, 1, 2]
    assert joined([x, y], axis=1).shape == (None, 6)


def test_a_shape_rule_takes_the_place_of_inference():
    @primitive
    def doubled(x: Any, /) -> Any:
        raise AssertionError("must not run")

    @shape_rule(doubled)
    def _doubled_rule(x: KerasTensor) -> KerasTensor:
        return KerasTensor(tuple(n and 2 * n for n in x.shape))

    assert doubled(KerasTensor((None, 3))).shape == (None, 6)


def test_a_list_of_tracked_tensors_is_refused_where_one_tensor_is_meant():
    with pytest.raises(TypeError, match="stack"):
        scaled([Tensor([1.0], tracked=True), Tensor([2.0])])


def test_unbroadcast_sums_over_what_was_repeated():
    gradient = np.ones((2, 3, 4), np.float32)
    for shape in [(), (4,), (3, 4), (1, 4), (2, 1, 4), (1, 1, 1), (2, 3, 4)]:
        like = np.zeros(shape, np.float32)
        summed = unbroadcast(gradient, like)
        assert np.shape(summed) == shape
        assert np.unique(summed) == [24 / max(like.size, 1)]


def test_unbroadcast_gives_the_type_of_the_operand_and_nothing_for_integers():
    assert unbroadcast(np.ones(3), np.zeros(3, np.float32)).dtype == np.float32
    assert unbroadcast(np.ones(3), np.zeros(3, np.int32)) is None
    assert unbroadcast(np.ones(3), 2.0) is None
