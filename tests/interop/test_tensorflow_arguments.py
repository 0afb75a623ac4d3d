"""What TensorFlow's functions call their arguments, and what they do without them."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold import Input
from leftfold.interop import tensorflow as tf

X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (lambda: tf.transpose(X, perm=[0, 2, 1]), X.transpose(0, 2, 1)),
        (lambda: tf.transpose(a=X, name="turned"), X.T),
        (lambda: tf.reshape(tensor=X, shape=[4, -1]), X.reshape(4, 6)),
        (lambda: tf.expand_dims(input=X, axis=-1), X[..., None]),
        (lambda: tf.squeeze(input=X[:1], axis=[0], name="s"), X[0]),
        (lambda: tf.cast(X, dtype=tf.int32, name="whole"), X.astype(int)),
        (lambda: tf.tile(input=[1, 2], multiples=[2]), [1, 2, 1, 2]),
        (lambda: tf.stack(values=[X, X], axis=1), np.stack([X, X], 1)),
        (lambda: tf.unstack(value=X, num=2)[1], X[1]),
        (lambda: tf.broadcast_to(input=[1, 2], shape=[2, 2]), [[1, 2], [1, 2]]),
        (lambda: tf.zeros_like(input=X), np.zeros_like(X)),
        (lambda: tf.zeros([2], tf.int32, name="none"), [0, 0]),
        (lambda: tf.eye(2, batch_shape=[3]), np.broadcast_to(np.eye(2), (3, 2, 2))),
        (lambda: tf.stop_gradient(input=[1.0]), [1]),
        (lambda: tf.add(x=1, y=2, name="sum"), 3),
        (lambda: tf.math.log(x=[1.0], name="l"), [0]),
        (lambda: tf.nn.relu(features=[-1.0, 2.0]), [0, 2]),
        (lambda: tf.nn.leaky_relu(features=[-1.0], alpha=0.5), [-0.5]),
        (lambda: tf.nn.softmax(logits=[0.0, 0.0], axis=None), [0.5, 0.5]),
        (lambda: tf.nn.log_softmax(logits=[0.0]), [0]),
        (lambda: tf.nn.moments(X, axes=[0, 1], keepdims=True)[0], X.mean((0, 1), keepdims=True)),
        (lambda: tf.norm(X[0], ord="euclidean", axis=-1), np.linalg.norm(X[0], axis=-1)),
        (lambda: tf.tensordot(a=X, b=X, axes=3), np.vdot(X, X)),
        (lambda: tf.cond(pred=True, true_fn=lambda: 1, false_fn=lambda: 2), 1),
        (
            lambda: tf.while_loop(lambda i: i < 3, lambda i: (i + 1,), [0], maximum_iterations=2)[
                0
            ],
            2,
        ),
    ],
)
def test_functions_know_the_names_of_tensorflow(found, expected):
    np.testing.assert_allclose(np.asarray(found()), expected, rtol=1e-6)


def test_numbers_for_split_are_sizes_and_one_of_them_may_be_left_open():
    assert [piece.shape for piece in tf.split(X, [1, 3], axis=2)] == [(2, 3, 1), (2, 3, 3)]
    assert [piece.shape for piece in tf.split(X, [1, -1, 1], axis=2)] == [
        *((2, 3, 1), (2, 3, 2), (2, 3, 1)),
    ]
    np.testing.assert_array_equal(tf.split(value=X, num_or_size_splits=2)[1], X[1:])
    with pytest.raises(ValueError, match=r"sizes that sum to the 4 of axis 2, got \[1, 2\]"):
        tf.split(X, [1, 2], axis=2)


def test_a_symbolic_tensor_is_split_sliced_and_turned():
    sequences = Input((None, 4))
    assert [part.shape for part in tf.split(sequences, [1, 3], axis=2)] == [
        *((None, None, 1), (None, None, 3)),
    ]
    assert tf.transpose(sequences, perm=[0, 2, 1]).shape == (None, 4, None)
    assert tf.slice(sequences, [0, 0, 1], [-1, -1, 2]).shape == (None, None, 2)


def test_a_slice_has_a_size_and_goes_to_the_end_where_that_is_minus_one():
    np.testing.assert_array_equal(tf.slice(X, [0, 1, 1], [1, -1, 2]), X[:1, 1:, 1:3])
    with pytest.raises(ValueError, match=r"inside of \(2, 3, 4\), got begin=\[0, 0, 3\]"):
        tf.slice(X, [0, 0, 3], [1, 1, 2])


def test_padding_is_named_in_capitals():
    assert tf.pad([[1, 2]], [[0, 0], [1, 0]], "CONSTANT", 7).tolist() == [[7, 1, 2]]
    assert tf.pad(tensor=[1, 2, 3], paddings=[[2, 0]], mode="REFLECT").tolist() == [3, 2, 1, 2, 3]


def test_order_falls_on_request():
    assert tf.sort([1.0, 3.0, 2.0], direction="DESCENDING").tolist() == [3, 2, 1]
    assert tf.argsort([1.0, 3.0, 2.0], direction="DESCENDING").tolist() == [1, 2, 0]
    with pytest.raises(ValueError, match="direction 'ASCENDING' or 'DESCENDING', got 'down'"):
        tf.sort([1.0], direction="down")


def test_different_values_come_in_their_order_with_their_places():
    values, places = tf.unique([5, 1, 5])
    assert values.tolist() == [5, 1] and places.tolist() == [0, 1, 0]


def test_places_where_a_condition_holds():
    assert tf.where([True, False, True]).tolist() == [[0], [2]]
    assert tf.where(X[0] > 9).dtype == "int64"
    assert tf.where(condition=[True, False], x=[1, 2], y=[3, 4]).tolist() == [1, 4]


def test_the_largest_elements_have_names():
    assert tf.nn.top_k([1.0, 3.0, 2.0], k=2).indices.tolist() == [1, 2]
    assert tf.math.top_k([1.0, 3.0, 2.0]).values.tolist() == [3]


def test_without_an_axis_the_first_is_meant():
    assert tf.argmax([[1, 5], [3, 2]]).tolist() == [1, 0]
    assert tf.argmin(input=[[1, 5], [3, 2]], axis=1, output_type=tf.int32).dtype == "int32"
    assert tf.cumsum([[1, 2], [3, 4]]).tolist() == [[1, 2], [4, 6]]
    assert tf.cumsum([1, 2, 3], exclusive=True).tolist() == [0, 1, 3]
    assert tf.cumsum([1, 2, 3], reverse=True).tolist() == [6, 5, 3]
    assert tf.math.cumprod([2, 3, 4], exclusive=True, reverse=True).tolist() == [12, 4, 1]


def test_gelu_is_exact_unless_asked_otherwise():
    assert tf.nn.gelu(2.0).item() == pytest.approx(1.9544997)
    assert tf.nn.gelu(2.0, approximate=True).item() == pytest.approx(1.9545977)


def test_rows_are_gathered_side_by_side():
    found = tf.gather(X, [[0, 2], [1, 1]], axis=1, batch_dims=1)
    np.testing.assert_array_equal(found, [X[0, [0, 2]], X[1, [1, 1]]])
    with pytest.raises(NotImplementedError, match="axis=1 beside batch_dims=1, got 2"):
        tf.gather(X, [[0], [1]], axis=2, batch_dims=1)


def test_a_mask_may_cover_several_axes():
    mask = np.array([[True, False, False], [False, True, True]])
    np.testing.assert_array_equal(tf.boolean_mask(X, mask), X[mask])
    np.testing.assert_array_equal(tf.boolean_mask(X, [True, False, True], axis=1), X[:, [0, 2]])
    with pytest.raises(ValueError, match=r"a mask of \(2,\), got \(3,\)"):
        tf.boolean_mask(X, [True, False, True])


def test_a_filled_tensor_has_the_type_of_its_value():
    assert tf.fill([2], 3).dtype == "int32" and tf.fill([2], 3.0).dtype == "float32"


def test_zeros_are_counted_out():
    assert tf.math.count_nonzero([[0, 2], [0, 0]], axis=1).tolist() == [1, 0]


def test_types_know_their_limits():
    assert tf.float32.max == np.finfo(np.float32).max and tf.int32.min == -(2**31)
    assert tf.float16.is_floating and not tf.float16.is_integer
    assert tf.as_dtype(np.int64).name == "int64" and tf.int8.as_numpy_dtype is np.int8
    assert tf.constant(1.0).dtype == tf.float32


def test_ragged_rows_from_their_lengths_or_borders():
    assert tf.RaggedTensor.from_row_lengths([1, 2, 3], [2, 1]).to_list() == [[1, 2], [3]]
    assert tf.RaggedTensor.from_row_splits([1, 2, 3], [0, 2, 3]).to_list() == [[1, 2], [3]]
    with pytest.raises(ValueError, match=r"sum to the 3 values, got \[2, 2\]"):
        tf.RaggedTensor.from_row_lengths([1, 2, 3], [2, 2])
