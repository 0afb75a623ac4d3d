from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.engine import Tensor
from leftfold.models.data_arrays import (
    check_finite,
    check_same_rows,
    class_weights_to_sample_weights,
    to_array,
    to_arrays,
)


class Frame:
    """What a data frame looks like from outside."""

    def __init__(self, columns: dict[str, list]) -> None:
        self.columns = {name: np.array(values) for name, values in columns.items()}
        self.dtypes = {name: values.dtype for name, values in self.columns.items()}

    def to_numpy(self) -> np.ndarray:
        return np.array(list(self.columns.values()), dtype=object).T


def test_arrays_and_tensors_are_taken_without_a_copy() -> None:
    x = np.ones((2, 3), np.float32)
    assert to_array("x", x) is x
    assert to_array("x", Tensor(x)) is x


def test_nested_lists_of_numbers_are_one_array() -> None:
    np.testing.assert_array_equal(to_arrays("x", [[1, 2], [3, 4]]), [[1, 2], [3, 4]])


def test_a_list_of_arrays_stays_a_list() -> None:
    given_arrays = [np.ones((2, 1)), np.zeros((2, 4))]
    arrays = to_arrays("x", given_arrays)
    assert isinstance(arrays, list)
    assert [a.shape for a in arrays] == [(2, 1), (2, 4)]


def test_a_dictionary_keeps_its_keys() -> None:
    arrays = to_arrays("x", {"b": [1, 2], "a": [3, 4]})
    assert list(arrays) == ["b", "a"]


def test_mixed_numeric_columns_of_a_frame_become_floats() -> None:
    array = to_array("x", Frame({"age": [1, 2], "old": [True, False], "size": [0.5, 1.5]}))
    assert array.dtype == np.float32
    np.testing.assert_allclose(array, [[1, 1, 0.5], [2, 0, 1.5]])


def test_a_text_column_of_a_frame_is_named() -> None:
    with pytest.raises(ValueError, match="column 'city' has dtype <U"):
        to_array("x", Frame({"age": [1, 2], "city": ["Rome", "Oslo"]}))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["a film", "another"], r"x expected numbers, got dtype <U7 .*'a film'.*Tokenizer"),
        ([[1, 2], [3]], "x expected rows of one length.*pad_sequences"),
        (np.array([[1, 2], [3]], dtype=object), "x expected rows of one length.*pad_sequences"),
        (np.array([None, 1.0], dtype=object), r"x expected numbers, got dtype object.*astype"),
        (np.array([1j]), "x expected numbers, got dtype complex128"),
        (3.0, "x expected an array of rows, got the number 3.0"),
        (np.zeros((0, 5)), r"x expected at least one row, got an array of shape \(0, 5\)"),
        ([], "x expected at least one row"),
    ],
)
def test_what_is_not_rows_of_numbers_is_refused(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        to_arrays("x", value)


def test_a_sparse_matrix_is_refused_with_advice() -> None:
    class Sparse:
        shape = (2, 2)

        def toarray(self) -> None: ...

    with pytest.raises(ValueError, match=r"dense array, got Sparse: use its toarray\(\)"):
        to_array("x", Sparse())


def test_different_numbers_of_rows_are_both_told() -> None:
    with pytest.raises(ValueError, match=r"x and y expected .* got 100 rows in x and 99 in y"):
        check_same_rows(x=np.zeros((100, 2)), y=np.zeros(99), sample_weight=None)
    with pytest.raises(ValueError, match=r"4 rows in x\['a'\] and 5 in x\['b'\]"):
        check_same_rows(x={"a": np.zeros(4), "b": np.zeros(5)})


@given(
    rows=st.integers(1, 40),
    bad=st.integers(0, 39),
    value=st.sampled_from([np.nan, np.inf, -np.inf]),
    dtype=st.sampled_from([np.float16, np.float32, np.float64]),
)
def test_the_first_row_that_is_not_finite_is_named(
    rows: int, bad: int, value: float, dtype: type
) -> None:
    x = np.ones((rows, 3), dtype)
    check_finite("x", x)
    x[bad % rows :, 1] = value
    with pytest.raises(ValueError, match=f"x of batch 2 .* got {value} in row {bad % rows} "):
        check_finite("x", x, " of batch 2")


def test_numbers_whose_sum_overflows_are_finite() -> None:
    check_finite("x", np.full((4, 2), 3e38, np.float32))


@pytest.mark.parametrize("value", [1e300, -1e300])
def test_numbers_that_batches_cannot_hold_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"x expected numbers that float32 can hold, .* 1e\+300"):
        check_finite("x", np.array([[0.0], [value]]))
    check_finite("x", np.full((4, 2), 3e38, np.float64))


def test_integers_are_always_finite() -> None:
    check_finite("x", np.array([1, 2]))


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (np.array([0, 1, 2]), [1.0, 5.0, 1.0]),
        (np.array([[1.0], [0.0]]), [5.0, 1.0]),
        (np.eye(3)[[1, 2, 1]], [5.0, 1.0, 5.0]),
        (np.array([[[0], [1]], [[1], [1]]]), [[1.0, 5.0], [5.0, 5.0]]),
    ],
)
def test_class_weights_follow_numbers_or_one_hot_rows(y: np.ndarray, expected: list) -> None:
    weights = class_weights_to_sample_weights(y, {1: 5.0})
    np.testing.assert_array_equal(weights, expected)
    assert weights.dtype == np.float32


def test_class_weights_need_a_dictionary_and_one_output() -> None:
    with pytest.raises(ValueError, match="dictionary from class number to weight, got list"):
        class_weights_to_sample_weights(np.array([0, 1]), [1.0, 2.0])
    with pytest.raises(ValueError, match="one output, got several targets"):
        class_weights_to_sample_weights([np.zeros(2), np.zeros(2)], {0: 1.0})
