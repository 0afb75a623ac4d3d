"""The values of operations, against NumPy and against their definitions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from leftfold import ops
from leftfold.engine import Tape, Tensor
from tests.ops.cases import CASES, Case, outputs_of

SAME_IN_NUMPY = [
    case
    for case in CASES
    if hasattr(np, case.name) and case.name not in ("average", "take_along_axis")
]


def plain(argument: Any) -> Any:
    """An argument as NumPy takes it."""
    if isinstance(argument, list):
        return [plain(item) for item in argument]
    return argument.data if isinstance(argument, Tensor) else argument


@pytest.mark.parametrize("case", SAME_IN_NUMPY, ids=str)
def test_values_are_those_of_numpy(case: Case):
    arguments, _ = case.tensors("float64")
    settings = {k: tuple(v) if isinstance(v, list) else v for k, v in case.settings.items()}
    expected = getattr(np, case.name)(*map(plain, arguments), **settings)
    for output, value in zip(outputs_of(case(arguments)), outputs_of(expected), strict=True):
        np.testing.assert_allclose(output.data, value, rtol=1e-12, atol=1e-14)


X = np.linspace(-4, 4, 33).reshape(3, 11)


def softmax(x: np.ndarray) -> np.ndarray:
    return np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)


def logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


erf = np.vectorize(math.erf)

DEFINITIONS = {
    "rsqrt": (lambda x: 1 / np.sqrt(x), X + 5),
    "erf": (erf, X),
    "relu": (lambda x: np.where(x > 0, x, 0), X),
    "relu6": (lambda x: np.clip(x, 0, 6), 2 * X),
    "leaky_relu": (lambda x: np.where(x > 0, x, 0.2 * x), X),
    "elu": (lambda x: np.where(x > 0, x, np.exp(x) - 1), X),
    "celu": (lambda x: np.where(x > 0, x, np.exp(x) - 1), X),
    "selu": (
        lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)),
        X,
    ),
    "sigmoid": (logistic, X),
    "log_sigmoid": (lambda x: np.log(logistic(x)), X),
    "hard_sigmoid": (lambda x: np.clip((x + 3) / 6, 0, 1), X),
    "silu": (lambda x: x * logistic(x), X),
    "hard_silu": (lambda x: x * np.clip((x + 3) / 6, 0, 1), X),
    "gelu": (lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))), X),
    "softplus": (lambda x: np.log(1 + np.exp(x)), X),
    "softsign": (lambda x: x / (1 + np.abs(x)), X),
    "softmax": (softmax, X),
    "log_softmax": (lambda x: np.log(softmax(x)), X),
    "glu": (lambda x: x[:, :5] * logistic(x[:, 5:]), X[:, :10]),
    "hard_tanh": (lambda x: np.clip(x, -1, 1), X),
    "tanh_shrink": (lambda x: x - np.tanh(x), X),
    "soft_shrink": (lambda x: np.where(np.abs(x) > 0.5, x - np.sign(x) / 2, 0), X),
    "hard_shrink": (lambda x: np.where(np.abs(x) > 0.5, x, 0), X),
    "squareplus": (lambda x: (x + np.sqrt(x * x + 4)) / 2, X),
    "sparse_plus": (lambda x: np.where(x < -1, 0, np.where(x < 1, (x + 1) ** 2 / 4, x)), X),
    "sparse_sigmoid": (lambda x: np.clip((x + 1) / 2, 0, 1), X),
    "logsumexp": (lambda x: np.log(np.exp(x).sum()), X),
    "norm": (lambda x: np.sqrt((x * x).sum()), X),
    "normalize": (lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True), X),
    "divide_no_nan": (lambda x, y: np.array([0.5, 0.0]), [1.0, 2.0], [2.0, 0.0]),
    "threshold": (lambda x, t, v: np.where(x > t, x, v), X, 1.0, -7.0),
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_values_are_those_of_the_definition(name: str):
    definition, *arguments = DEFINITIONS[name]
    output = getattr(ops, name)(*arguments)
    np.testing.assert_allclose(output.data, definition(*arguments), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("sigmoid", [0.0, 1.0]),
        ("log_sigmoid", [-1000.0, 0.0]),
        ("softplus", [0.0, 1000.0]),
        ("tanh", [-1.0, 1.0]),
        ("silu", [0.0, 1000.0]),
        ("elu", [-1.0, 1000.0]),
        ("softmax", [0.0, 1.0]),
        ("log_softmax", [-2000.0, 0.0]),
        ("erf", [-1.0, 1.0]),
        ("gelu", [0.0, 1000.0]),
        ("mish", [0.0, 1000.0]),
    ],
)
def test_large_arguments_neither_overflow_nor_warn(name: str, limit: list[float]):
    from leftfold import activations

    function = getattr(ops, name, None) or getattr(activations, name)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        output = function(np.array([-1000.0, 1000.0], np.float32))
    np.testing.assert_allclose(output.data, limit, rtol=1e-6, atol=1e-30)


def test_sigmoid_is_exact_far_below_zero():
    assert ops.sigmoid(-40.0).item() == pytest.approx(math.exp(-40.0), rel=1e-6)


def test_erf_is_nearly_as_exact_as_the_element_type():
    x = np.linspace(-7, 7, 1001)
    assert np.abs(ops.erf(x).data - erf(x)).max() < 1e-13
    assert np.abs(ops.erf(x.astype(np.float32)).data - erf(x.astype(np.float32))).max() < 3e-7


def test_sparsemax_is_the_nearest_point_of_the_simplex():
    generator = np.random.default_rng(0)
    x = generator.standard_normal((50, 5))
    y = ops.sparsemax(x).data
    np.testing.assert_allclose(y.sum(axis=-1), 1)
    assert y.min() >= 0
    nearest = ((x - y) ** 2).sum(axis=-1)
    for _ in range(200):
        other = generator.dirichlet(np.ones(5), 50)
        assert (((x - other) ** 2).sum(axis=-1) >= nearest).all()


def test_one_hot_leaves_unknown_classes_without_a_one():
    assert ops.one_hot([0, 2, -1, 3], 3).tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert ops.one_hot([[1], [0]], 2, axis=0).shape == (2, 2, 1)
    assert ops.multi_hot([[0, 2, 2], [1, 1, 1]], 4).tolist() == [[1, 0, 1, 0], [0, 1, 0, 0]]


def test_top_k_returns_the_first_of_equal_elements_first():
    values, indices = ops.top_k([1.0, 3.0, 2.0, 3.0], 3)
    assert values.tolist() == [3.0, 3.0, 2.0]
    assert indices.tolist() == [1, 3, 2]


def test_in_top_k_counts_only_strictly_larger_predictions():
    assert ops.in_top_k([0, 1, 2], [[3.0, 1, 2], [3, 1, 2], [1, 2, 2]], 2).tolist() == [
        True,
        False,
        True,
    ]


def test_scatter_update_keeps_the_last_of_several_updates_of_one_place():
    y = ops.scatter_update([0.0, 0.0], [[1], [1]], [5.0, 7.0])
    assert y.tolist() == [0.0, 7.0]


def test_clip_and_extremes_accept_arrays_as_bounds():
    x = np.array([-2.0, 0.5, 2.0])
    assert ops.clip(x, [-1, -1, -1], [1, 1, 1]).tolist() == [-1.0, 0.5, 1.0]
    assert ops.max(x, initial=5.0).item() == 5.0


def test_averages_and_quantiles():
    x = np.arange(6.0).reshape(2, 3)
    assert ops.average(x, axis=1, weights=[0, 0, 1]).tolist() == [2.0, 5.0]
    assert ops.median(x).item() == 2.5
    np.testing.assert_allclose(
        ops.quantile(x, [0.1, 0.9], axis=1).data, np.quantile(x, [0.1, 0.9], 1)
    )
    with pytest.raises(ValueError, match="weights expected shape"):
        ops.average(x, weights=[1, 2])


def test_where_with_a_condition_alone_returns_positions():
    rows, columns = ops.where([[True, False], [False, True]])
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [0, 1])
    assert (rows.dtype, columns.dtype) == ("int32", "int32")


def test_unique_returns_what_is_asked_for():
    values, inverse, counts = ops.unique([3, 1, 3], return_inverse=True, return_counts=True)
    assert (values.tolist(), inverse.tolist(), counts.tolist()) == ([1, 3], [1, 0, 1], [1, 2])


@pytest.mark.parametrize("from_logits", [False, True])
def test_cross_entropies_agree_with_each_other(from_logits: bool):
    generator = np.random.default_rng(1)
    output = generator.uniform(0.1, 1, (4, 3))
    if not from_logits:
        output /= output.sum(axis=-1, keepdims=True)
    labels = np.array([0, 2, 1, 2])
    sparse = ops.sparse_categorical_crossentropy(labels, output, from_logits)
    dense = ops.categorical_crossentropy(np.eye(3)[labels], output, from_logits)
    np.testing.assert_allclose(sparse.data, dense.data, rtol=1e-12)
    p = softmax(output) if from_logits else output
    np.testing.assert_allclose(sparse.data, -np.log(p[np.arange(4), labels]), rtol=1e-12)


def test_binary_crossentropy_from_logits_is_that_of_their_sigmoid():
    logits, target = np.array([-3.0, 0.0, 2.0]), np.array([1.0, 0.0, 0.3])
    np.testing.assert_allclose(
        ops.binary_crossentropy(target, logits, from_logits=True).data,
        ops.binary_crossentropy(target, logistic(logits)).data,
        rtol=1e-9,
    )


def test_probabilities_of_zero_and_one_give_finite_cross_entropies():
    target = np.array([[1.0, 0.0]], np.float32)
    wrong = np.array([[0.0, 1.0]], np.float32)
    for loss in (ops.binary_crossentropy, ops.categorical_crossentropy):
        assert np.isfinite(loss(target, wrong).data).all()
    assert ops.sparse_categorical_crossentropy([0], wrong).item() == pytest.approx(16.118, abs=0.01)


@pytest.mark.parametrize(
    ("loss", "target", "output"),
    [
        (ops.binary_crossentropy, [1.0, 0.0], [0.0, 1.0]),
        (ops.categorical_crossentropy, [[1.0, 0.0]], [[0.0, 1.0]]),
        (ops.sparse_categorical_crossentropy, [0], [[0.0, 1.0]]),
    ],
)
def test_probabilities_beyond_epsilon_have_no_gradient(loss, target, output):
    p = Tensor(np.array(output, np.float32), tracked=True)
    with Tape() as tape:
        losses = loss(target, p)
    assert not tape.gradient(losses, [p])[0].any()


def numbers(result: Any) -> Any:
    return result.tolist() if isinstance(result, Tensor) else result


@pytest.mark.parametrize(
    ("call", "expected", "dtype"),
    [
        (lambda: ops.arange(3), [0, 1, 2], "int32"),
        (lambda: ops.arange(1, 2, 0.5), [1.0, 1.5], "float32"),
        (lambda: ops.arange(3, dtype="float64"), [0.0, 1.0, 2.0], "float64"),
        (lambda: ops.linspace(0, 1, 3), [0.0, 0.5, 1.0], "float32"),
        (lambda: ops.linspace(0, 1, 2, endpoint=False), [0.0, 0.5], "float32"),
        (lambda: ops.logspace(0, 2, 3), [1.0, 10.0, 100.0], "float32"),
        (lambda: ops.zeros((1, 2)), [[0.0, 0.0]], "float32"),
        (lambda: ops.ones(2, "int32"), [1, 1], "int32"),
        (lambda: ops.full((2,), 7), [7.0, 7.0], "float32"),
        (lambda: ops.full_like([1, 2], 7.9), [7, 7], "int32"),
        (lambda: ops.zeros_like([True]), [False], "bool"),
        (lambda: ops.ones_like([2.0], dtype="int64"), [1], "int64"),
        (lambda: ops.eye(2, 3, 1), [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], "float32"),
        (lambda: ops.identity(1), [[1.0]], "float32"),
        (lambda: ops.tri(2), [[1.0, 0.0], [1.0, 1.0]], "float32"),
        (lambda: ops.empty((1,)), [0.0], "float32"),
        (lambda: ops.cast([0.0, 2.7], "int"), [0, 2], "int32"),
        (lambda: ops.saturate_cast([300.0, -5.0], "uint8"), [255, 0], "uint8"),
        (lambda: ops.convert_to_tensor([1, 2]), [1, 2], "int32"),
        (lambda: ops.convert_to_tensor([1.5, 2]), [1.5, 2.0], "float32"),
        (lambda: ops.convert_to_tensor(3.5, "float64"), 3.5, "float64"),
        (lambda: ops.convert_to_tensor(np.arange(2)), [0, 1], "int64"),
        (lambda: ops.convert_to_tensor([[True]]), [[True]], "bool"),
    ],
)
def test_creation(call, expected, dtype):
    result = call()
    assert numbers(result) == expected
    assert result.dtype == dtype


def test_looking_at_tensors():
    x = ops.ones((2, 3))
    assert (ops.shape(x), ops.ndim(x), ops.size(x), ops.dtype(x)) == ((2, 3), 2, 6, "float32")
    assert ops.shape([[1, 2]]) == (1, 2)
    assert ops.is_tensor(x)
    assert not ops.is_tensor(np.ones(2))


def test_convert_to_numpy_gives_a_copy():
    x = ops.ones(2)
    ops.convert_to_numpy(x)[0] = 5
    assert x.tolist() == [1.0, 1.0]


def test_counting_and_summing_by_group():
    assert ops.bincount([1, 3, 1]).tolist() == [0, 2, 0, 1]
    assert ops.bincount([1, 0], minlength=3).tolist() == [1, 1, 0]
    assert ops.bincount([1, 1], weights=[0.5, 2.0]).tolist() == [0.0, 2.5]
    assert ops.bincount([[0, 0], [2, 1]]).tolist() == [[2, 0, 0], [0, 1, 1]]
    assert ops.segment_sum([1.0, 2.0, 4.0], [2, 0, 2]).tolist() == [2.0, 0.0, 5.0]
    assert ops.isin([1, 2, 3], [3, 1]).tolist() == [True, False, True]
    assert ops.isin([1, 2, 3], [3, 1], invert=True).tolist() == [False, True, False]


def test_windows_over_the_last_axis():
    windows = ops.extract_sequences(np.arange(7), 3, 2)
    assert windows.tolist() == [[0, 1, 2], [2, 3, 4], [4, 5, 6]]
    with pytest.raises(ValueError, match="sequence_length from 1 to the last size of x, 7"):
        ops.extract_sequences(np.arange(7), 8, 1)


def test_select_takes_the_first_choice_that_holds():
    x = np.arange(5)
    assert ops.select([x < 1, x < 3], [x - 10, x * 10], 99).tolist() == [-10, 10, 20, 99, 99]


@pytest.mark.parametrize("bounds", [(0.1, 1.1, 0.1), (0, 1, 0.1), (1.0, 2.0, 0.2), (0.0, 2.1, 0.3)])
def test_ranges_have_as_many_numbers_as_numpys(bounds: tuple[float, float, float]) -> None:
    np.testing.assert_array_equal(ops.arange(*bounds), np.arange(*bounds).astype("float32"))
    np.testing.assert_array_equal(
        ops.linspace(*bounds[:2], 7), np.linspace(*bounds[:2], 7).astype("float32")
    )
