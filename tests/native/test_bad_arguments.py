"""Whatever a kernel is given, it answers or raises an error that names the argument."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from tests.native.calls import CALLS, DENSE, FORWARD, NAMES, Call, backward, floats
from tests.native.support import examples

every_kernel = pytest.mark.parametrize("call", CALLS, ids=NAMES)
every_recurrence = pytest.mark.parametrize("forward", FORWARD, ids=NAMES[: len(FORWARD)])


def assert_refused(native: Any, call: Call, argument: str, value: Any) -> None:
    with pytest.raises((ValueError, TypeError, IndexError)) as caught:
        call.run(native, **{argument: value})
    assert re.search(rf"\b{argument}\b", str(caught.value)), f"{value!r}: {caught.value}"


class Pretender:
    """Has a shape and a dtype, but no memory."""

    shape = (3, 4)
    dtype = np.dtype(np.float32)


class Liar:
    """Promises an array and breaks its word."""

    def __dlpack__(self, **_: Any) -> Any:
        raise RuntimeError("no array today")

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    @property
    def __array_interface__(self) -> dict[str, Any]:
        raise RuntimeError("no array today")


def wrong_types(array: np.ndarray) -> list[Any]:
    """The same numbers as something else."""
    dtypes = ["f8", "f2", "i8", "i4", "u1", "c8", "c16", "O", "M8[s]", "S4", "U4", "V4", "g", "?"]
    others = [array.astype(dtype) for dtype in dtypes if np.dtype(dtype) != array.dtype]
    swapped = array.astype(array.dtype.newbyteorder())
    if swapped.dtype != array.dtype:
        others.append(swapped)
    return [*others, array.tolist(), memoryview(array.tobytes()), "array", 3, 1.5, object()]


def wrong_shapes(array: np.ndarray) -> list[np.ndarray]:
    """The same dtype with another rank, and with each size changed in turn."""
    shapes: list[tuple[int, ...]] = [(), array.shape[:-1], (*array.shape, 1), (1,) * 9]
    for axis in range(array.ndim):
        for size in (0, 1, array.shape[axis] + 1):
            shapes.append((*array.shape[:axis], size, *array.shape[axis + 1 :]))
    return [np.ones(shape, array.dtype) for shape in shapes if shape != array.shape]


@every_kernel
def test_valid_calls_run(native, call):
    call.run(native)
    for argument in call.optional:
        call.run(native, **{argument: None})


@every_kernel
def test_a_wrong_type_is_refused_by_name(native, call):
    for argument, array in call.arrays.items():
        for value in [*wrong_types(array), Pretender(), Liar()]:
            assert_refused(native, call, argument, value)
        if argument not in call.optional:
            assert_refused(native, call, argument, None)


@every_kernel
def test_a_wrong_rank_is_refused_by_name(native, call):
    for argument, array in call.arrays.items():
        for value in wrong_shapes(array):
            if value.ndim != array.ndim:
                # Without `reset_after` GRU has one bias; both are checked by shape.
                assert_refused(native, call, argument, value)


# Axes that no other argument has to agree with.
FREE = {
    ("gemm", "a", 0),
    ("batched_gemm", "a", 1),
    ("batched_gemm", "b", 2),
    ("embedding_forward", "table", 0),
    ("embedding_forward", "table", 1),
    ("embedding_forward", "ids", 0),
    ("embedding_backward", "total", 0),
    ("distinct_ids", "words", 0),
    ("softmax", "logits", 0),
    ("softmax", "logits", 1),
    ("softmax_crossentropy", "logits", 1),
    ("softmax_crossentropy_gradient", "probabilities", 1),
    ("binary_crossentropy", "targets", 0),
    ("sparse_crossentropy", "outputs", 1),
    ("sparse_crossentropy_gradient", "labels", 0),
    ("likeliest", "logits", 1),
    ("squared_norm", "gradients", 0),
    ("clear", "values", 0),
    ("scale", "gradients", 0),
    ("dropout", "x", 0),
    ("cooccurrence_counts", "tokens", 0),
    ("cooccurrence_counts", "positions", 0),
    ("cooccurrence_counts", "weights", 0),
}


@every_kernel
def test_a_wrong_size_is_refused_by_the_name_of_one_that_disagrees(native, call):
    for argument, array in call.arrays.items():
        for value in wrong_shapes(array):
            if value.ndim != array.ndim:
                continue
            axis = int(np.flatnonzero(np.not_equal(value.shape, array.shape))[0])
            one_mask_for_all_gates = argument == "input_dropout" and len(value) == 1
            if (call.kernel, argument, axis) in FREE or one_mask_for_all_gates:
                continue
            with pytest.raises(ValueError) as caught:
                call.run(native, **{argument: value})
            name = re.match(rf"{call.kernel} expected (\w+) to be a ", str(caught.value))
            assert name and name[1] in call.arrays


@every_kernel
def test_a_setting_of_a_wrong_type_is_refused_by_name(native, call):
    for setting in call.settings:
        for value in (None, "text" if setting != "activation" else 3, [], {}, object()):
            if setting.endswith("activation") and isinstance(value, str):
                continue
            assert_refused(native, call, setting, value)


@every_kernel
def test_too_few_and_too_many_arguments_are_errors(native, call):
    values = list(call.arguments.values())
    for arguments in ([], values[:-1], [*values, 1]):
        with pytest.raises(TypeError, match=call.kernel):
            getattr(native, call.kernel)(*arguments)


@every_kernel
def test_what_changes_in_place_must_be_contiguous_aligned_and_writable(native, call):
    for argument in call.in_place:
        array = call.arguments[argument]
        locked = array.copy()
        locked.flags.writeable = False
        spaced = np.repeat(array, 2, axis=-1)[..., ::2]
        unaligned = np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype)
        unaligned = unaligned.reshape(array.shape)
        for value in (locked, spaced, unaligned):
            assert_refused(native, call, argument, value)
        assert not unaligned.any()


@pytest.mark.parametrize("name", ["gelu", "", "TANH", "tanh\0", "\N{GREEK SMALL LETTER PHI}" * 99])
@every_recurrence
def test_unknown_activations_are_refused_by_name(native, forward, name):
    for argument in ("activation", "recurrent_activation"):
        if argument in forward.arguments:
            assert_refused(native, forward, argument, name)


@pytest.mark.parametrize("wrong", [-1, 3, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize(
    "call", [call for call in CALLS if {"ids", "labels"} & call.arguments.keys()],
    ids=lambda call: call.kernel,
)  # fmt: skip
def test_ids_out_of_range_are_named_with_the_range(native, call, wrong):
    argument = "ids" if "ids" in call.arguments else "labels"
    ids = call.arguments[argument].copy()
    ids[4] = wrong
    message = f"{call.kernel} expected {argument} of at least 0 and below 3, got {wrong}."
    with pytest.raises(IndexError, match=re.escape(message)):
        call.run(native, **{argument: ids})


def test_no_id_is_right_for_an_empty_table(native):
    with pytest.raises(IndexError, match="below 0"):
        native.embedding_forward(np.empty((0, 4), "f"), np.zeros(1, "i"))
    with pytest.raises(IndexError, match="below 0"):
        native.softmax_crossentropy(np.empty((2, 0), "f"), np.zeros(2, "i"), 0.0)
    with pytest.raises(ValueError, match="softmax expected at least one class, got 0"):
        native.softmax(np.empty((2, 0), "f"))


@every_recurrence
def test_a_saved_state_serves_once(native, forward):
    call = backward(native, forward)
    call.run(native)
    with pytest.raises(ValueError, match=f"{call.kernel} expected saved to be unused"):
        call.run(native)


@every_recurrence
def test_a_refused_backward_pass_does_not_use_up_the_saved_state(native, forward):
    call = backward(native, forward)
    for argument in call.optional:
        for value in [*wrong_types(call.arguments[argument]), floats(1), floats(9, 9, 9, 9)]:
            assert_refused(native, call, argument, value)
    for argument in ("saved", "needs_dx"):
        for value in (None, 1.5, "saved", object()):
            assert_refused(native, call, argument, value)
    call.run(native)


def test_a_saved_state_serves_its_own_cell_alone(native):
    calls = [backward(native, forward) for forward in FORWARD]
    for call in calls:
        for other in calls:
            if other.kernel != call.kernel:
                assert_refused(native, call, "saved", other.arguments["saved"])


@pytest.mark.parametrize("call", DENSE, ids=lambda call: call.kernel)
def test_arrays_may_be_empty(native, call):
    call.run(native, **{n: np.empty((0,) * a.ndim, a.dtype) for n, a in call.arrays.items()})


@pytest.mark.parametrize("zero", [0, 1, 2, 3])
@every_recurrence
def test_recurrences_of_size_zero(native, forward, zero):
    sizes = [3, 4, 5, 6]
    gates = len(forward.arguments["recurrent_dropout"])
    sizes[zero] = 0
    batch, timesteps, features, units = sizes
    shapes = {
        "x": (batch, timesteps, features),
        "kernel": (features, gates * units),
        "recurrent_kernel": (units, gates * units),
        "bias": (*forward.arguments["bias"].shape[:-1], gates * units),
        "h0": (batch, units),
        "c0": (batch, units),
        "mask": (batch, timesteps),
        "input_dropout": (gates, batch, features),
        "recurrent_dropout": (gates, batch, units),
    }
    arrays = {n: np.ones(shapes[n], a.dtype) for n, a in forward.arrays.items()}
    for dropped in ({}, {"input_dropout": None, "recurrent_dropout": None}):
        given = Call(forward.kernel, forward.arguments | arrays | dropped)
        output, state, *_ = given.run(native)
        assert output.shape == (batch, timesteps, units)
        if timesteps == 0:
            np.testing.assert_array_equal(state, arrays["h0"])
        dx, d_kernel, *_ = backward(native, given).run(native)
        assert dx.shape == shapes["x"]
        assert d_kernel.shape == shapes["kernel"]
        assert not np.isnan(d_kernel).any()


DTYPES = [np.float32, np.float32, np.float32, np.int32, np.bool_, np.float64, np.int64, object]


# Sizes in between would be granted, in gigabytes; test_huge_arguments.py has a limit for them.
INTEGERS = st.integers(-(2**20), 2**20) | st.integers(max_value=-(2**62)) | st.integers(2**62)


@st.composite
def anything(draw: Any, valid: Any) -> Any:
    """Now and then a value that fits, else an array or a value of any kind."""
    if draw(st.integers(0, 3)):
        return valid
    if draw(st.integers(0, 5)) == 0:
        return draw(
            st.one_of(
                st.none(), st.booleans(), INTEGERS, st.floats(), st.text(), st.binary(),
                st.sampled_from([np.float32(1), np.bool_(True), np.int64(3), "tanh", "relu"]),
            )
        )  # fmt: skip
    sizes = list(valid.shape) if isinstance(valid, np.ndarray) else []
    if draw(st.booleans()):
        sizes = [draw(st.sampled_from([n, 0, 1, 7])) for n in sizes]
    else:
        sizes = draw(st.lists(st.integers(0, 7), max_size=5))
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    array = np.ones(sizes, dtype) if dtype.hasobject else draw(npst.arrays(dtype, sizes))
    views = [array, array.T, array[::-1], array[..., ::2]] if sizes else [array]
    return draw(st.sampled_from(views))


@every_kernel
@examples(25)
@given(data=st.data())
def test_random_arguments_never_do_worse_than_an_error(native, call, data):
    fresh = {n: v.copy() if isinstance(v, np.ndarray) else v for n, v in call.arguments.items()}
    arguments = {name: data.draw(anything(value), name) for name, value in fresh.items()}
    # No draw of numbers by the thousand million.
    if isinstance(arguments.get("count"), int):
        arguments["count"] = min(arguments["count"], 10_000)
    try:
        results = getattr(native, call.kernel)(*arguments.values())
    except (ValueError, TypeError, IndexError, MemoryError):
        return
    if call.kernel.endswith("_forward") and isinstance(results, tuple) and results[-1] is not None:
        states = [None] * (len(results) - 1)
        getattr(native, call.kernel.replace("forward", "backward"))(results[-1], *states, True)


def test_an_allocator_that_breaks_its_word_is_an_error(native):
    allocators = [
        lambda shape: np.empty(1, np.float32),
        lambda shape: np.empty(shape, np.float64),
        lambda shape: np.empty((*shape, 2), np.float32)[..., 0],
        lambda shape: None,
        3,
    ]
    for allocator in allocators:
        native.set_allocator(allocator)
        with pytest.raises((ValueError, TypeError)):
            native.uniform(0, 0, 8)


def test_an_error_in_the_allocator_comes_through(native):
    def refuse(shape: tuple[int, ...]) -> np.ndarray:
        raise MemoryError(f"nothing left for {shape}")

    native.set_allocator(refuse)
    with pytest.raises(MemoryError, match="nothing left for"):
        FORWARD[1].run(native)


@pytest.mark.parametrize("count", [0, -1, 1025, 10**6, 2**40, None, 1.5, "2"])
def test_a_senseless_number_of_threads_is_refused(native, count):
    with pytest.raises((ValueError, TypeError), match="set_threads"):
        native.set_threads(count)
    with pytest.raises((ValueError, TypeError), match="peak_gflops"):
        native.peak_gflops(count)


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5, float("nan"), float("inf")])
def test_a_rate_outside_its_range_is_refused(native, rate):
    with pytest.raises(ValueError, match="dropout_mask expected rate to be at least 0 and below 1"):
        native.dropout_mask(1, 2, 3, rate)


@pytest.mark.parametrize("name", ["uniform", "dropout_mask"])
def test_a_negative_count_is_refused(native, name):
    rate = (0.5,) if name == "dropout_mask" else ()
    with pytest.raises(ValueError, match=f"{name} expected count to be at least 0, got -5"):
        getattr(native, name)(1, 2, -5, *rate)
