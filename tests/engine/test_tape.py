"""The tape: what is recorded, and how gradients add up on the way back."""

from __future__ import annotations

import threading
import weakref

import numpy as np
import pytest

from leftfold import ops
from leftfold.engine import RowGradient, Tape, Tensor, Variable, no_recording, primitive


def tracked(*values: float) -> Tensor:
    return Tensor(np.array(values), tracked=True)


def test_a_tensor_used_twice_gets_the_sum_of_both_gradients():
    x = tracked(2.0, 3.0)
    with Tape() as tape:
        y = x * x + x
    assert tape.gradient(y, [x])[0].tolist() == [5.0, 7.0]


def test_a_tensor_used_many_times_gets_the_sum_of_all_gradients():
    x = tracked(2.0, 3.0)
    with Tape() as tape:
        y = ops.sum(ops.stack([x * float(n) for n in range(10)]))
    assert tape.gradient(y, [x])[0].tolist() == [45.0, 45.0]


def test_scalars_used_many_times_get_the_sum_of_all_gradients():
    x = Tensor(np.array(2.0), tracked=True)
    with Tape() as tape:
        y = x + x + x + x
    assert tape.gradient(y, [x])[0] == 4.0


def test_a_target_that_is_no_scalar_is_summed_over_or_weighted():
    x = tracked(1.0, 2.0)
    with Tape() as tape:
        y = x * 3.0
    assert tape.gradient(y, [x])[0].tolist() == [3.0, 3.0]
    assert tape.gradient(y, [x], output_gradient=np.array([1.0, -1.0]))[0].tolist() == [3.0, -3.0]


def test_the_gradient_of_the_target_itself_is_one():
    x = tracked(4.0)
    with Tape() as tape:
        y = x * 2.0
    assert tape.gradient(y, [y, x])[0].tolist() == [1.0]


def test_gradients_of_tensors_on_the_way_are_found_too():
    x = tracked(2.0)
    with Tape() as tape:
        y = x * x
        z = y * y
    dy, dx = tape.gradient(z, [y, x])
    assert (dy.tolist(), dx.tolist()) == ([8.0], [32.0])


def test_what_the_target_does_not_depend_on_has_no_gradient():
    x, other = tracked(1.0), tracked(5.0)
    with Tape() as tape:
        y = x * 2.0
        _ = other * 2.0
    assert tape.gradient(y, [other]) == [None]
    into = [np.full(1, 7.0)]
    assert tape.gradient(y, [other], into=into)[0] is into[0]
    assert into[0].tolist() == [0.0]


def test_gradients_are_written_into_given_arrays():
    x, w = tracked(1.0, 2.0), tracked(3.0, 4.0)
    flat = np.full(4, np.nan)
    into = [flat[:2], flat[2:]]
    with Tape() as tape:
        y = x * w
    tape.gradient(y, [x, w], into=into)
    assert flat.tolist() == [3.0, 4.0, 1.0, 2.0]


def test_returned_gradients_can_be_changed_without_touching_each_other():
    x, y = tracked(1.0, 2.0), tracked(3.0, 4.0)
    seed = np.ones(2)
    with Tape() as tape:
        z = x + y
    dx, dy = tape.gradient(z, [x, y], output_gradient=seed)
    dx *= 5
    assert (dy.tolist(), seed.tolist()) == ([1.0, 1.0], [1.0, 1.0])


def test_the_gradient_can_be_asked_for_more_than_once():
    x = tracked(3.0)
    with Tape() as tape:
        y = x * x
        z = y + x
    assert tape.gradient(y, [x])[0].tolist() == [6.0]
    assert tape.gradient(z, [x])[0].tolist() == [7.0]
    assert tape.gradient(z, [x])[0].tolist() == [7.0]


def test_two_tapes_record_at_once():
    x = tracked(3.0)
    with Tape() as outer:
        y = x * 2.0
        with Tape() as inner:
            z = y * y
    assert outer.gradient(z, [x])[0].tolist() == [24.0]
    assert inner.gradient(z, [y])[0].tolist() == [12.0]
    assert inner.gradient(z, [x]) == [None]


def test_nothing_is_recorded_without_a_tape_or_tracked_tensor():
    x = tracked(1.0)
    assert not (x * 2.0).tracked
    with Tape() as tape:
        assert not (Tensor([1.0]) * 2.0).tracked
        with no_recording():
            assert not (x * 2.0).tracked
        assert not ops.equal(x, 1.0).tracked
    assert tape.steps == []


def test_nothing_flows_through_stop_gradient():
    x = tracked(3.0)
    with Tape() as tape:
        y = x * ops.stop_gradient(x)
    assert tape.gradient(y, [x])[0].tolist() == [3.0]


def test_variables_are_followed_while_they_are_trainable():
    w = Variable([2.0], name="w")
    with Tape() as tape:
        y = w * w
    assert tape.gradient(y, [w])[0].tolist() == [4.0]
    w.trainable = False
    with Tape() as tape:
        y = w * w
    assert tape.gradient(y, [w]) == [None]


def test_other_threads_do_not_record_on_this_tape():
    x = tracked(1.0)
    with Tape() as tape:
        thread = threading.Thread(target=lambda: x * 2.0)
        thread.start()
        thread.join()
    assert tape.steps == []


def test_only_some_outputs_of_a_step_may_be_used():
    x = tracked(1.0, 2.0, 3.0, 4.0)
    with Tape() as tape:
        first, _ = ops.split(x, 2)
        y = first * 2.0
    assert tape.gradient(y, [x])[0].tolist() == [2.0, 2.0, 0.0, 0.0]


def test_row_gradients_are_added_up_wherever_they_meet():
    table = Tensor(np.zeros((4, 1)), tracked=True)
    with Tape() as tape:
        rows = ops.embedding(table, [1, 1, 3])
        more = ops.embedding(table, [3])
        y = ops.sum(rows) + 10.0 * ops.sum(more) + 100.0 * ops.sum(table)
    expected = [[100.0], [102.0], [100.0], [111.0]]
    assert tape.gradient(y, [table])[0].tolist() == expected
    into = [np.full((4, 1), np.nan)]
    tape.gradient(y, [table], into=into)
    assert into[0].tolist() == expected


def test_a_single_row_gradient_is_made_dense_on_return_and_into_arrays():
    table = Tensor(np.zeros((3, 2)), tracked=True)
    with Tape() as tape:
        y = ops.embedding(table, [2, 2])
    assert tape.gradient(y, [table])[0].tolist() == [[0, 0], [0, 0], [2, 2]]
    into = [np.full((3, 2), np.nan)]
    tape.gradient(y, [table], into=into)
    assert into[0].tolist() == [[0, 0], [0, 0], [2, 2]]


def test_a_row_gradient_of_a_computed_table_flows_on():
    weights = Tensor(np.ones((3, 2)), tracked=True)
    with Tape() as tape:
        y = ops.embedding(weights * 2.0, [0, 0])
    assert tape.gradient(y, [weights])[0].tolist() == [[4, 4], [0, 0], [0, 0]]


def test_a_row_gradient_leaves_an_array_alone_that_others_share():
    table, other = Tensor(np.zeros((2, 1)), tracked=True), Tensor(np.zeros((2, 1)), tracked=True)
    with Tape() as tape:
        rows = ops.embedding(table, [1])
        y = ops.concatenate([table + other, rows])
    d_table, d_other = tape.gradient(y, [table, other])
    assert (d_table.tolist(), d_other.tolist()) == ([[1.0], [2.0]], [[1.0], [1.0]])


@pytest.mark.parametrize("slope", [2, 2.0, np.float64(2), np.full((), 2.0), np.full(3, 2.0)])
def test_gradients_of_other_types_and_shapes_are_added_up_as_numpy_does(slope):
    @primitive
    def last(x, /):
        return np.add.reduce(x), lambda dy: slope  # the first that the way back meets

    x = Tensor(np.ones(3, np.float32), tracked=True)
    with Tape() as tape:
        y = ops.sum(x) + last(x)
    (gradient,) = tape.gradient(y, [x])
    assert gradient.tolist() == [3, 3, 3]
    assert gradient.dtype == np.result_type(np.float32, slope)


def test_a_gradient_may_be_changed_by_who_receives_it():
    @primitive
    def doubled_sum(x, /):
        def vjp(dy):
            dy *= 2
            return np.broadcast_to(dy, x.shape)

        return 2 * np.add.reduce(x), vjp

    x = tracked(1.0, 2.0)
    for _ in range(2):
        with Tape() as tape:
            y = doubled_sum(x)
        assert tape.gradient(y, [x])[0].tolist() == [2, 2]


def test_reading_every_timestep_adds_into_one_array():
    totals = []

    @primitive
    def timestep(x, /, t):
        def vjp(dy):
            def add_into(total):
                totals.append(total)
                total[:, t] += dy

            return RowGradient(x.shape, dy.dtype, add_into)

        return x[:, t], vjp

    x = Tensor(np.zeros((2, 50, 3)), tracked=True)
    with Tape() as tape:
        y = ops.sum(ops.stack([timestep(x, t) * float(t) for t in range(50)]))
    expected = np.broadcast_to(np.arange(50.0)[None, :, None], x.shape)
    np.testing.assert_array_equal(tape.gradient(y, [x])[0], expected)
    assert len(totals) == 50
    assert all(total is totals[0] for total in totals)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_go_to_where_they_are_wanted_whatever_was_there(dtype):
    x = Tensor(np.zeros((4, 3), dtype), tracked=True)
    around = np.full((4, 6), 7, dtype)
    for wanted in (np.full((4, 3), 7, dtype), around[:, ::2]):
        with Tape() as tape:
            y = ops.sum(x[1:3])
        tape.gradient(y, [x], into=[wanted])
        assert wanted.tolist() == [[0] * 3, [1] * 3, [1] * 3, [0] * 3]
    assert (around[:, 1::2] == 7).all()


def test_gradients_on_the_way_are_given_back_as_soon_as_they_were_used():
    alive: list[weakref.ref[np.ndarray]] = []
    counts = []

    @primitive
    def doubled(x, /):
        def vjp(dy):
            alive.append(weakref.ref(dy))
            counts.append(sum(gradient() is not None for gradient in alive))
            return dy * 2

        return x * 2, vjp

    x = y = tracked(1.0)
    with Tape() as tape:
        for _ in range(20):
            y = doubled(y)
    tape.gradient(y, [x])
    assert max(counts) <= 2


def test_a_wrong_number_of_gradients_is_an_error():
    @primitive
    def careless(x, y, /):
        return x + y, lambda dy: dy

    with Tape() as tape:
        z = careless(tracked(1.0), tracked(2.0))
    with pytest.raises(ValueError, match="read 2 tensors and gave 1"):
        tape.gradient(z, [])
