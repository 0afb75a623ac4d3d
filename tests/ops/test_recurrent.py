"""The recurrences as operations: on the tape, on symbolic tensors, and with wrong arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leftfold.engine import KerasTensor, Tape, Tensor, kernels, reference
from leftfold.ops import recurrent
from tests.engine.recurrent_kernels import CELL_NAMES, CELLS, MASKS, STATES, Case, make_case

every_cell = pytest.mark.parametrize(("cell", "options"), CELLS, ids=CELL_NAMES)


def apply(case: Case, tracked: tuple[str, ...] = (), **changes: Any) -> tuple[Any, dict[str, Any]]:
    """The outputs of the operation, and its tensors by name."""
    tensors = {
        name: None if value is None else Tensor(value, tracked=name in tracked)
        for name, value in case.tensors.items()
    }
    arguments = {
        "mask": case.mask,
        "input_dropout": case.input_dropout,
        "recurrent_dropout": case.recurrent_dropout,
        **case.settings,
        **changes,
    }
    return getattr(recurrent, case.cell)(*tensors.values(), **arguments), tensors


@every_cell
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("dropout", ["none", "input", "gates"])
def test_outputs_and_gradients_are_those_of_the_reference(
    implementation, cell, options, mask, dtype, dropout
):
    case = make_case(
        cell, batch=5, timesteps=6, features=3, units=4, mask=mask, dropout=dropout,
        dtype=dtype, return_sequences=True, **options,
    )  # fmt: skip
    *expected, saved = case.forward(reference, save=True)
    weights = [np.random.default_rng(1).normal(size=e.shape).astype(dtype) for e in expected]
    with Tape() as tape:
        outputs, tensors = apply(case, tuple(case.tensors))
        total = sum((o * w).data.sum() for o, w in zip(outputs, weights, strict=True))
    assert np.isfinite(total)
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-10}
    for output, value in zip(outputs, expected, strict=True):
        assert output.data.dtype == dtype
        np.testing.assert_allclose(output.data, value, **tolerance)
    gradients = case.backward(reference, saved, weights[0], *([None] * (len(weights) - 1)))
    found = tape.gradient(outputs[0], list(tensors.values()), output_gradient=weights[0])
    for name, gradient in zip(tensors, found, strict=True):
        np.testing.assert_allclose(gradient, gradients[name], err_msg=name, **tolerance)


@every_cell
@pytest.mark.parametrize("which", [0, 1, -1])
def test_gradients_from_any_one_output(implementation, cell, options, which):
    case = make_case(cell, dtype=np.float32, return_sequences=True, mask="holes", **options)
    *expected, saved = case.forward(reference, save=True)
    given: list[Any] = [None] * len(expected)
    given[which] = np.ones_like(expected[which])
    gradients = case.backward(reference, saved, *given)
    with Tape() as tape:
        outputs, tensors = apply(case, tuple(case.tensors))
    for name, found in zip(tensors, tape.gradient(outputs[which], list(tensors.values()))):  # noqa: B905
        np.testing.assert_allclose(found, gradients[name], rtol=1e-4, atol=1e-5, err_msg=name)


@every_cell
def test_the_same_tape_gives_the_same_gradient_twice(implementation, cell, options):
    case = make_case(cell, dtype=np.float32, units=20, **options)
    with Tape() as tape:
        outputs, tensors = apply(case, ("kernel",))
    once, twice = (tape.gradient(outputs[0], [tensors["kernel"]])[0].copy() for _ in range(2))
    np.testing.assert_array_equal(once, twice)


@every_cell
def test_the_gradient_of_the_input_is_left_out_where_nobody_asks(cell, options, monkeypatch):
    asked = []
    backward = getattr(reference, f"{cell}_backward")

    def spy(*args: Any) -> Any:
        asked.append(args[-1])
        return backward(*args)

    monkeypatch.setitem(kernels._cache, (f"{cell}_backward", False, False), spy)
    case = make_case(cell, **options)
    for tracked in (("kernel",), ("x", "kernel")):
        with Tape() as tape:
            outputs, tensors = apply(case, tracked)
        tape.gradient(outputs[0], [tensors["kernel"]])
    assert asked == [False, True]


@every_cell
def test_nothing_is_kept_where_no_tape_runs(cell, options, monkeypatch):
    kept = []
    forward = getattr(reference, f"{cell}_forward")

    def spy(*args: Any) -> Any:
        kept.append(args[-1])
        return forward(*args)

    monkeypatch.setitem(kernels._cache, (f"{cell}_forward", False, False), spy)
    case = make_case(cell, **options)
    apply(case, ("kernel",))
    with Tape():
        apply(case)
        apply(case, ("kernel",))
    assert kept == [False, False, True]


@every_cell
def test_settings_may_be_left_out(cell, options):
    case = make_case(cell, bias=cell != "gru", states=False, **options)
    tensors = [t for t in case.tensors.values() if t is not None]
    outputs = getattr(recurrent, cell)(*tensors, **options)
    for output, expected in zip(outputs, case.forward(reference)[:-1], strict=True):
        np.testing.assert_array_equal(output.data, expected)


@every_cell
def test_symbolic_outputs_without_running_a_step(cell, options):
    case = make_case(cell, features=2, units=3, states=False, **options)
    weights = [case.tensors[name] for name in ("kernel", "recurrent_kernel", "bias")]
    long = KerasTensor((None, 10**9, 2))
    function = getattr(recurrent, cell)
    states = [(None, 3)] * len(STATES[cell])
    outputs = function(long, *weights, return_sequences=True, **options)
    assert [o.shape for o in outputs] == [(None, 10**9, 3), *states]
    last = function(KerasTensor((4, None, 2)), *weights, **options)[0]
    assert last.shape == (4, 3)
    assert last.history[0].function is function
    with pytest.raises(ValueError, match=r"expected shape \(batch, timesteps, features\)"):
        function(KerasTensor((None, 2)), *weights)


@pytest.mark.parametrize("kind", [list, Tensor, lambda mask: mask.astype("int32")])
def test_masks_of_other_kinds_are_understood(kind):
    case = make_case("lstm", mask="holes")
    expected, _ = apply(case)
    found, _ = apply(case, mask=kind(case.mask))
    np.testing.assert_array_equal(expected[0].data, found[0].data)


def test_arrays_need_not_be_contiguous(implementation):
    case = make_case("lstm", dtype=np.float32, mask="holes", dropout="gates")
    expected, _ = apply(case)
    case.tensors = {
        name: np.asfortranarray(value) if value.ndim > 1 else np.repeat(value, 2)[::2]
        for name, value in case.tensors.items()
    }
    case.mask = np.asfortranarray(case.mask)
    case.input_dropout = np.asfortranarray(case.input_dropout)
    found, _ = apply(case)
    np.testing.assert_allclose(expected[0].data, found[0].data, rtol=1e-6)


WRONG = [
    (
        {"x": np.ones((3, 2))},
        r"lstm expected x of shape \(batch, timesteps, features\), got shape .3, 2",
    ),
    ({"x": np.ones((3, 4, 5))}, r"lstm expected kernel of shape \(5, 12\), got \(2, 12\)"),
    (
        {"x": np.ones((3, 4, 2), int)},
        "lstm expected x of a float dtype, or int32 for ids, got int64",
    ),
    ({"kernel": np.ones((2, 9))}, r"lstm expected kernel of shape \(2, 12\), got \(2, 9\)"),
    ({"kernel": np.ones((2, 12), "float32")}, "lstm expected kernel of dtype float64 like x"),
    ({"recurrent_kernel": np.ones((3, 9))}, r"expected recurrent_kernel of shape \(3, 12\)"),
    ({"recurrent_kernel": np.ones(12)}, r"lstm expected recurrent_kernel of two axes, got .*12"),
    ({"bias": np.ones((2, 12))}, r"lstm expected bias of shape \(12,\), got \(2, 12\)"),
    ({"h0": np.ones((1, 3))}, r"lstm expected h0 of shape \(3, 3\), got \(1, 3\)"),
    ({"c0": np.ones((3, 4))}, r"lstm expected c0 of shape \(3, 3\), got \(3, 4\)"),
    ({"mask": np.ones((4, 3), bool)}, r"lstm expected mask of shape \(3, 4\), got \(4, 3\)"),
    (
        {"input_dropout": np.ones((2, 3, 2))},
        r"lstm expected input_dropout of shape \(1, 3, 2\) or \(4, 3, 2\), got \(2, 3, 2\)",
    ),
    ({"recurrent_dropout": np.ones((1, 3, 3))}, r"recurrent_dropout of shape \(4, 3, 3\)"),
    ({"recurrent_dropout": np.ones((4, 3, 3), "f")}, "recurrent_dropout of dtype float64 like x"),
    ({"activation": "gelu"}, "activation expected one of .*, got 'gelu'"),
]


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_what_does_not_fit_is_named(change, message):
    case = make_case("lstm")
    for name, value in change.items():
        if name in case.tensors:
            case.tensors[name] = value
            change = {}
    with pytest.raises((ValueError, TypeError), match=message):
        apply(case, **change)


def test_a_gru_with_two_biases_needs_two():
    case = make_case("gru", reset_after=False)
    with pytest.raises(ValueError, match=r"gru expected bias of shape \(2, 9\), got \(9,\)"):
        apply(case, reset_after=True)
