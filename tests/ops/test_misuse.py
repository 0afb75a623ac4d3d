"""Arguments that cannot be meant: the error names what was expected and what came."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold import ops
from leftfold.engine import Tensor

TABLE = np.zeros((5, 2), np.float32)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ops.add(np.ones(3), np.ones(4)), ValueError, r"\(3,\) \(4,\)"),
        (
            lambda: ops.matmul(np.ones((2, 3)), np.ones((4, 5))),
            ValueError,
            r"\(2, 3\) and \(4, 5\)",
        ),
        (lambda: ops.matmul(2.0, np.ones(3)), ValueError, "matmul expected the last axis"),
        (
            lambda: ops.dense(np.ones((2, 3)), np.ones((4, 5))),
            ValueError,
            r"dense expected x with 4 features, .* got shape \(2, 3\)",
        ),
        (
            lambda: ops.embedding(TABLE, [1, 7, 9]),
            ValueError,
            r"embedding expected every id from 0 to 4 \(5 in all\), got id 7",
        ),
        (lambda: ops.embedding(TABLE, [-1]), ValueError, "got id -1"),
        (lambda: ops.embedding(TABLE, [0.5]), ValueError, "whole numbers"),
        (
            lambda: ops.softmax_cross_entropy([0, 3], np.zeros((2, 3))),
            ValueError,
            r"every label from 0 to 2 \(3 in all\), got label 3",
        ),
        (
            lambda: ops.softmax_cross_entropy([0], np.zeros((2, 3))),
            ValueError,
            r"labels expected .*\(2,\), got \(1,\)",
        ),
        (
            lambda: ops.sparse_categorical_crossentropy([5], [[0.5, 0.5]]),
            ValueError,
            r"every label from 0 to 1 \(2 in all\), got label 5",
        ),
        (
            lambda: ops.binary_crossentropy(np.ones((2, 1)), np.ones(2)),
            ValueError,
            r"one shape, got \(2, 1\) and \(2,\)",
        ),
        (lambda: ops.categorical_crossentropy(1.0, 1.0), ValueError, "at least one axis"),
        (lambda: ops.sum(np.ones(3), axis=1), ValueError, "axis 1 is out of bounds"),
        (lambda: ops.mean(np.ones(3), axis=-2), ValueError, "axis expected from -1 to 0"),
        (lambda: ops.reshape(np.ones(6), (4, -1)), ValueError, "cannot reshape"),
        (lambda: ops.concatenate([np.ones((2, 3)), np.ones((2, 2))]), ValueError, "must match"),
        (lambda: ops.stack([np.ones(2), np.ones(3)]), ValueError, "same shape"),
        (lambda: ops.split(np.ones(5), 2), ValueError, "equal division"),
        (lambda: ops.unstack(np.ones((2, 3)), num=3), ValueError, r"3 slices .* \(2, 3\)"),
        (lambda: ops.pad(np.ones(3), 1, mode="mirror"), ValueError, "mode expected 'constant'"),
        (
            lambda: ops.pad(np.ones(3), 1, mode="reflect", constant_values=2),
            ValueError,
            "constant_values can only be given",
        ),
        (lambda: ops.top_k(np.ones(3), 4), ValueError, "k expected from 1 to 3, got 4"),
        (lambda: ops.where([True], np.ones(1)), ValueError, "both x1 and x2, or neither"),
        (lambda: ops.get_item(np.ones(3), 3), IndexError, "out of bounds"),
        (lambda: ops.take(np.ones(3), [3]), IndexError, "out of bounds"),
        (lambda: ops.cast(np.ones(3), "float33"), ValueError, "dtype expected .* 'float33'"),
        (lambda: ops.convert_to_tensor([[1], [2, 3]]), ValueError, "inhomogeneous"),
        (lambda: ops.convert_to_tensor(None), ValueError, "x expected numbers"),
        (lambda: ops.convert_to_tensor("text"), ValueError, "x expected numbers"),
        (lambda: ops.einsum("ij,jk->ik", np.ones((2, 2))), ValueError, "2 operands .* got 1"),
        (lambda: ops.norm(np.ones((2, 2)), ord="nuc"), ValueError, "ord expected .* got 'nuc'"),
        (lambda: ops.norm(np.ones((2, 2)), ord=1), ValueError, "ord expected"),
        (lambda: ops.normalize(np.ones(2), order=0), ValueError, "order expected"),
        (lambda: ops.glu(np.ones(3)), ValueError, r"even size along axis -1, got shape \(3,\)"),
        (lambda: ops.multi_hot([1]), ValueError, "num_classes"),
        (lambda: ops.meshgrid([1], [2], indexing="yx"), ValueError, "indexing expected"),
        (lambda: ops.moments(np.ones(2), 0, synchronized=True), ValueError, "synchronized"),
    ],
)
def test_misuse_is_a_clear_error(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_whole_floats_are_accepted_as_ids():
    assert ops.embedding(TABLE + np.arange(5)[:, None], [1.0, 4.0]).tolist() == [[1, 1], [4, 4]]


def test_empty_tensors_pass_through():
    nothing = Tensor(np.zeros((0, 3), np.float32))
    assert ops.dense(nothing, np.ones((3, 2), np.float32), None).shape == (0, 2)
    assert ops.embedding(TABLE, np.zeros((0, 4), np.int32)).shape == (0, 4, 2)
    assert ops.sum(nothing).item() == 0.0
    assert ops.softmax(nothing).shape == (0, 3)
    assert ops.dropout(nothing, 0.5, (1, 2)).shape == (0, 3)
    assert ops.softmax_cross_entropy(np.zeros(0, np.int32), nothing).shape == (0,)
    assert ops.concatenate([nothing, nothing]).shape == (0, 3)


def test_arrays_in_any_memory_order_are_taken():
    generator = np.random.default_rng(0)
    a, b = generator.standard_normal((6, 8)), generator.standard_normal((8, 10))
    bias = generator.standard_normal(10)
    expected = a[::2] @ b[:, ::2] + bias[::2]
    for x in (a[::2], np.asfortranarray(a[::2])):
        for kernel in (b[:, ::2], np.asfortranarray(b[:, ::2])):
            np.testing.assert_allclose(ops.dense(x, kernel, bias[::2]).data, expected)
            np.testing.assert_allclose(
                ops.dense(*(v.astype(np.float32) for v in (x, kernel, bias[::2]))).data,
                expected,
                rtol=1e-5,
                atol=1e-5,
            )
