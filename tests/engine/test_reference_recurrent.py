"""The reference recurrences: gradients against finite differences, and what masks mean."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from leftfold.engine.reference import activations, gru, lstm, simple_rnn
from tests.engine.recurrent_kernels import CELL_NAMES, CELLS, GATES, MASKS, Case, make_case

REFERENCE = SimpleNamespace(
    simple_rnn_forward=simple_rnn.simple_rnn_forward,
    simple_rnn_backward=simple_rnn.simple_rnn_backward,
    lstm_forward=lstm.lstm_forward,
    lstm_backward=lstm.lstm_backward,
    gru_forward=gru.gru_forward,
    gru_backward=gru.gru_backward,
)

every_cell = pytest.mark.parametrize(("cell", "options"), CELLS, ids=CELL_NAMES)


def run(case: Case) -> tuple[np.ndarray, ...]:
    return case.forward(REFERENCE)[:-1]


def check_gradients(case: Case) -> None:
    """Compare the backward pass with central differences of a random weighted sum of outputs."""
    random = np.random.default_rng(99)
    *outputs, saved = case.forward(REFERENCE, save=True)
    weights = [random.normal(size=output.shape) for output in outputs]
    gradients = case.backward(REFERENCE, saved, *weights)

    def weighted() -> float:
        return sum(float((w * o).sum()) for w, o in zip(weights, run(case), strict=True))

    for name, tensor in case.tensors.items():
        if tensor is None:
            continue
        numeric = np.zeros_like(tensor)
        for index in np.ndindex(tensor.shape):
            value = tensor[index]
            tensor[index] = value + 1e-5
            above = weighted()
            tensor[index] = value - 1e-5
            below = weighted()
            tensor[index] = value
            numeric[index] = (above - below) / 2e-5
        np.testing.assert_allclose(
            gradients[name], numeric, rtol=1e-6, atol=1e-8, err_msg=f"gradient of {name}"
        )


@every_cell
@pytest.mark.parametrize("return_sequences", [False, True], ids=["last", "sequences"])
@pytest.mark.parametrize("mask", MASKS)
def test_gradients_under_every_mask(cell, options, mask, return_sequences):
    check_gradients(make_case(cell, mask=mask, return_sequences=return_sequences, **options))


@every_cell
@pytest.mark.parametrize("mask", ["none", "holes"])
@pytest.mark.parametrize("dropout", ["input", "gates"])
def test_gradients_under_dropout(cell, options, dropout, mask):
    check_gradients(make_case(cell, dropout=dropout, mask=mask, seed=3, **options))


@every_cell
@pytest.mark.parametrize("mask", ["none", "left", "holes"])
def test_gradients_read_backwards_with_zeros_at_masked_steps(cell, options, mask):
    settings = {"go_backwards": True, "return_sequences": True, "zero_output_for_mask": True}
    check_gradients(make_case(cell, mask=mask, seed=1, **settings, **options))


@every_cell
@pytest.mark.parametrize("batch", [0, 1])
@pytest.mark.parametrize("timesteps", [0, 1, 3])
@pytest.mark.parametrize("return_sequences", [False, True], ids=["last", "sequences"])
def test_gradients_of_small_and_empty_batches(cell, options, batch, timesteps, return_sequences):
    shape = {"batch": batch, "timesteps": timesteps, "return_sequences": return_sequences}
    check_gradients(make_case(cell, mask="right", seed=2, **shape, **options))


@every_cell
def test_gradients_without_bias_and_initial_state(cell, options):
    case = make_case(cell, bias=False, states=False, seed=4, **options)
    check_gradients(case)
    gradients = case.backward(REFERENCE, case.forward(REFERENCE, save=True)[-1], None, *[None] * (
        2 if cell == "lstm" else 1
    ), needs_dx=False)  # fmt: skip
    assert gradients["x"] is None
    assert gradients["bias"] is None
    assert not gradients["kernel"].any()


@pytest.mark.parametrize("name", sorted(activations.ACTIVATIONS))
@pytest.mark.parametrize("role", ["activation", "recurrent_activation"])
@every_cell
def test_gradients_of_every_activation(cell, options, role, name):
    case = make_case(cell, mask="holes", seed=5, **{role: name}, **options)
    for key in ("kernel", "recurrent_kernel", "bias"):
        case.tensors[key] *= 0.3
    check_gradients(case)


@pytest.mark.parametrize("name", sorted(activations.ACTIVATIONS))
def test_derivatives_follow_from_the_output(name):
    x = np.linspace(-7, 7, 300)
    activation = activations.activation_by_name(name)
    numeric = (activation.function(x + 1e-6) - activation.function(x - 1e-6)) / 2e-6
    np.testing.assert_allclose(activation.derivative(activation.function(x)), numeric, atol=1e-7)


@pytest.mark.parametrize("name", sorted(set(activations.ACTIVATIONS) - {"exponential"}))
def test_activations_stay_finite_far_out_and_keep_the_dtype(name):
    x = np.array([-1e30, -200, 0, 200, 1e30], np.float32)
    with np.errstate(over="raise", invalid="raise"):
        y = activations.activation_by_name(name).function(x)
    assert y.dtype == np.float32
    assert np.isfinite(y).all()


def test_an_unknown_activation_is_named():
    with pytest.raises(ValueError, match=r"activation expected one of elu, .*, got 'gelu'"):
        run(make_case("lstm", activation="gelu"))


@every_cell
def test_one_step_is_the_equation(cell, options):
    """Written out once more for a single unit, feature and step, with scalars."""
    case = make_case(cell, batch=1, timesteps=1, features=1, units=1, seed=6, **options)
    t = {name: tensor.reshape(-1) for name, tensor in case.tensors.items()}
    x, h, w, r, b = t["x"][0], t["h0"][0], t["kernel"], t["recurrent_kernel"], t["bias"]

    def sigmoid(value: float) -> float:
        return 1 / (1 + np.exp(-value))

    if cell == "simple_rnn":
        expected = np.tanh(x * w[0] + h * r[0] + b[0])
    elif cell == "lstm":
        i, f, o = (sigmoid(x * w[k] + h * r[k] + b[k]) for k in (0, 1, 3))
        c = f * t["c0"][0] + i * np.tanh(x * w[2] + h * r[2] + b[2])
        expected = o * np.tanh(c)
    elif options["reset_after"]:
        z, reset = (sigmoid(x * w[k] + b[k] + h * r[k] + b[3 + k]) for k in (0, 1))
        candidate = np.tanh(x * w[2] + b[2] + reset * (h * r[2] + b[5]))
        expected = z * h + (1 - z) * candidate
    else:
        z, reset = (sigmoid(x * w[k] + h * r[k] + b[k]) for k in (0, 1))
        expected = z * h + (1 - z) * np.tanh(x * w[2] + b[2] + reset * h * r[2])
    np.testing.assert_allclose(run(case)[0], [[expected]], rtol=1e-12)


@every_cell
@pytest.mark.parametrize("go_backwards", [False, True])
def test_masked_steps_are_as_if_they_were_not_there(cell, options, go_backwards):
    case = make_case(
        cell, batch=5, timesteps=7, mask="holes", go_backwards=go_backwards, seed=7, **options
    )
    masked = run(case)
    for row in range(5):
        tensors = {
            name: tensor[row : row + 1] if name in ("x", "h0", "c0") else tensor
            for name, tensor in case.tensors.items()
        }
        tensors["x"] = tensors["x"][:, case.mask[row]]
        alone = run(Case(cell, tensors, settings=case.settings))
        for a, b in zip(masked, alone, strict=True):
            np.testing.assert_allclose(a[row], b[0], rtol=1e-12)


@every_cell
def test_values_at_masked_steps_do_not_matter(cell, options):
    case = make_case(cell, mask="holes", return_sequences=True, seed=8, **options)
    before = run(case)
    case.tensors["x"][~case.mask] = 1e3
    for a, b in zip(before, run(case), strict=True):
        np.testing.assert_array_equal(a, b)


@every_cell
def test_a_fully_masked_row_answers_with_its_initial_state(cell, options):
    case = make_case(cell, mask="all_empty", return_sequences=True, **options)
    output, *states = run(case)
    np.testing.assert_array_equal(states[0], case.tensors["h0"])
    np.testing.assert_array_equal(output, np.repeat(case.tensors["h0"][:, None], 4, axis=1))
    case.settings["return_sequences"] = False
    np.testing.assert_array_equal(run(case)[0], case.tensors["h0"])


@every_cell
def test_outputs_at_masked_steps_are_carried_or_zero(cell, options):
    case = make_case(cell, mask="holes", return_sequences=True, seed=9, **options)
    carried, *states = run(case)
    previous = np.concatenate([case.tensors["h0"][:, None], carried[:, :-1]], axis=1)
    np.testing.assert_array_equal(carried[~case.mask], previous[~case.mask])
    case.settings["zero_output_for_mask"] = True
    zeroed, *same_states = run(case)
    np.testing.assert_array_equal(zeroed, np.where(case.mask[..., None], carried, 0))
    np.testing.assert_array_equal(states, same_states)


@every_cell
def test_zero_output_for_mask_leaves_the_last_state_when_only_that_is_asked_for(cell, options):
    case = make_case(cell, mask="right", zero_output_for_mask=True, seed=9, **options)
    output, state, *_ = run(case)
    np.testing.assert_array_equal(output, state)
    assert output.all()


@every_cell
def test_go_backwards_is_the_reversed_input_read_forwards(cell, options):
    case = make_case(cell, mask="left", return_sequences=True, seed=10, **options)
    forwards = run(case)
    case.tensors["x"] = case.tensors["x"][:, ::-1]
    case.mask = case.mask[:, ::-1]
    case.settings["go_backwards"] = True
    for a, b in zip(forwards, run(case), strict=True):
        np.testing.assert_array_equal(a, b)


@every_cell
def test_reading_in_two_parts_with_the_states_handed_over_is_reading_at_once(cell, options):
    case = make_case(cell, timesteps=6, mask="holes", seed=11, **options)
    whole = run(case)
    x, mask = case.tensors["x"], case.mask
    states = [name for name in case.tensors if name in ("h0", "c0")]
    for part in (slice(0, 2), slice(2, 6)):
        case.tensors["x"], case.mask = x[:, part], mask[:, part]
        outputs = run(case)
        case.tensors.update(zip(states, outputs[1:], strict=True))
    for a, b in zip(whole, outputs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


@every_cell
def test_a_dropout_mask_of_its_own_reaches_only_its_gate(cell, options):
    """Dropping all of the input for one gate equals zeroing that gate's block of the kernel."""
    gates, units = GATES[cell], 3
    for gate in range(gates):
        case = make_case(cell, seed=12, **options)
        case.input_dropout = np.ones((gates, 3, 2))
        case.recurrent_dropout = np.ones((gates, 3, units))
        case.input_dropout[gate] = case.recurrent_dropout[gate] = 0
        dropped = run(case)
        for name in ("kernel", "recurrent_kernel"):
            case.tensors[name][:, gate * units : (gate + 1) * units] = 0
        plain = dataclasses.replace(case, input_dropout=None, recurrent_dropout=None)
        for a, b in zip(dropped, run(plain), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13)


@every_cell
def test_the_update_of_the_state_itself_sees_no_dropout(cell, options):
    """Recurrent dropout acts on the products with the recurrent kernel alone."""
    case = make_case(cell, timesteps=1, seed=13, **options)
    case.tensors["recurrent_kernel"][:] = 0
    before = run(case)
    case.recurrent_dropout = np.zeros((GATES[cell], 3, 3))
    for a, b in zip(before, run(case), strict=True):
        np.testing.assert_array_equal(a, b)


@every_cell
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_dtype_of_the_input_is_kept_throughout(cell, options, dtype):
    for states in (True, False):
        case = make_case(
            cell, mask="right", dropout="gates", dtype=dtype, states=states,
            return_sequences=True, **options,
        )  # fmt: skip
        *outputs, saved = case.forward(REFERENCE, save=True)
        gradients = case.backward(REFERENCE, saved, *(np.ones_like(o) for o in outputs))
        assert {a.dtype for a in (*outputs, *gradients.values())} == {np.dtype(dtype)}


@every_cell
def test_nothing_is_kept_unless_asked_for(cell, options):
    assert make_case(cell, **options).forward(REFERENCE)[-1] is None
