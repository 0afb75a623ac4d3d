"""Seeds and what follows from them: generators, Philox, dropout masks, random tensors."""

from __future__ import annotations

import random as python_random

import numpy as np
import pytest

from leftfold import ops, random
from leftfold.engine import Tape, Tensor
from leftfold.engine.kernels import kernel
from leftfold.engine.random import SeedGenerator, as_generator, set_random_seed
from leftfold.engine.reference.random import philox


def test_philox_gives_the_published_numbers():
    """The known answer of Random123 for a key and counter of zeros."""
    words = philox(0, 0, np.array([0]))[0]
    assert [f"{word:08x}" for word in words] == ["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]


def test_uniform_numbers_are_spread_evenly_and_reproducible(implementation):
    numbers = kernel("uniform")(3, 4, 100_003)
    assert (numbers.shape, numbers.dtype) == ((100_003,), np.float32)
    assert 0 <= numbers.min() < 1e-4
    assert 1 - 1e-4 < numbers.max() < 1
    assert abs(numbers.mean() - 0.5) < 0.005
    assert abs(numbers.var() - 1 / 12) < 0.002
    counts, _ = np.histogram(numbers, bins=20, range=(0, 1))
    assert ((counts - 5000) ** 2 / 5000).sum() < 50
    np.testing.assert_array_equal(kernel("uniform")(3, 4, 1000), numbers[:1000])
    assert (kernel("uniform")(4, 4, 1000) != numbers[:1000]).mean() > 0.99
    assert (kernel("uniform")(3, 5, 1000) != numbers[:1000]).mean() > 0.99


def test_uniform_numbers_are_the_words_of_philox(implementation):
    words = philox(0xDEADBEEF, 0xFFFFFFFF, np.arange(6)).ravel()
    expected = (words >> 8).astype(np.float64) / 2**24
    for count in (0, 1, 4, 5, 23):
        numbers = kernel("uniform")(0xDEADBEEF, 0xFFFFFFFF, count)
        np.testing.assert_array_equal(numbers, expected[:count])


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.9])
def test_dropout_masks_follow_the_uniform_numbers(implementation, rate):
    mask = kernel("dropout_mask")(1, 2, 5001, rate)
    kept = kernel("uniform")(1, 2, 5001) >= rate
    assert mask.dtype == np.float32
    np.testing.assert_allclose(mask, kept / (1 - rate), rtol=1e-6)
    assert abs(kept.mean() - (1 - rate)) < 0.03


def test_dropout_multiplies_by_the_mask_both_ways(implementation):
    x = np.linspace(-1, 1, 5001, dtype=np.float32)
    y, mask = kernel("dropout")(1, 2, x, 0.3)
    np.testing.assert_array_equal(mask, kernel("dropout_mask")(1, 2, 5001, 0.3))
    np.testing.assert_array_equal(y, x * mask)
    np.testing.assert_array_equal(kernel("dropout_gradient")(x, mask), x * mask)


def test_dropout_of_the_same_key_is_the_same():
    x = np.ones((50, 40), np.float32)
    first, again = ops.dropout(x, 0.5, (1, 2)), ops.dropout(x, 0.5, (1, 2))
    other = ops.dropout(x, 0.5, (1, 3))
    np.testing.assert_array_equal(first.data, again.data)
    assert (first.data != other.data).mean() == pytest.approx(0.5, abs=0.1)
    assert set(np.unique(first.data)) == {0.0, 2.0}


def test_dropout_keeps_the_mean_and_drops_the_gradient_where_it_drops_the_value():
    x = Tensor(np.ones((200, 100), np.float32), tracked=True)
    with Tape() as tape:
        y = ops.dropout(x, 0.25, (9, 0))
    assert ops.mean(y).item() == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(tape.gradient(y, [x])[0], y.data)


def test_dropout_rates_of_zero_and_one():
    x = np.ones(4, np.float32)
    assert ops.dropout(x, 0.0, (1, 2)).tolist() == [1.0] * 4
    assert ops.dropout(x, 1.0, (1, 2)).tolist() == [0.0] * 4
    with pytest.raises(ValueError, match=r"rate expected a number from 0 to 1, got 1\.5"):
        ops.dropout(x, 1.5, (1, 2))


def test_dropout_with_a_noise_shape_drops_whole_slices():
    y = ops.dropout(np.ones((3, 50, 8), np.float32), 0.5, (1, 2), noise_shape=(None, 1, None)).data
    assert (y == y[:, :1]).all()
    assert 0 < (y[:, 0] == 0).mean() < 1
    with pytest.raises(ValueError, match="noise_shape expected"):
        ops.dropout(np.ones((3, 4)), 0.5, (1, 2), noise_shape=(3, 2))


def test_dropout_masks_do_not_depend_on_the_element_type():
    wide = ops.dropout(np.ones(100), 0.3, (1, 2))
    for dtype, tolerance in (("float32", 1e-6), ("float16", 1e-3)):
        narrow = ops.dropout(np.ones(100, dtype), 0.3, (1, 2))
        assert narrow.dtype == dtype
        np.testing.assert_allclose(wide.data, narrow.data, rtol=tolerance)


def test_the_session_seed_fixes_everything():
    def draw():
        set_random_seed(7)
        return (
            python_random.random(),
            np.random.rand(),
            random.normal((3,)).tolist(),
            random.uniform((3,)).tolist(),
            SeedGenerator().seed,
        )

    first = draw()
    assert first == draw()
    assert first[2] != random.normal((3,)).tolist()


def test_a_seed_generator_gives_new_numbers_and_can_be_repeated():
    one, two = SeedGenerator(5), SeedGenerator(5)
    keys = [one.next() for _ in range(3)]
    assert keys == [two.next() for _ in range(3)] == [(5, 0), (5, 1), (5, 2)]
    assert one.get_config()["seed"] == 5
    assert SeedGenerator().get_config()["seed"] is None
    a, b = random.normal((4,), seed=one), random.normal((4,), seed=one)
    assert a.tolist() != b.tolist()
    assert a.tolist() == random.normal((4,), seed=two).tolist()


def test_an_integer_seed_gives_the_same_numbers_on_every_call():
    for draw in (
        lambda: random.normal((5,), seed=3),
        lambda: random.truncated_normal((5,), seed=3),
        lambda: random.uniform((5,), seed=3),
        lambda: random.randint((5,), 0, 1000, seed=3),
        lambda: random.gamma((5,), 2.0, seed=3),
        lambda: random.beta((5,), 2.0, 3.0, seed=3),
        lambda: random.binomial((5,), 10, 0.5, seed=3),
        lambda: random.categorical(np.zeros((1, 9)), 5, seed=3),
        lambda: random.shuffle(np.arange(9), seed=3),
        lambda: random.dropout(np.ones(50), 0.5, seed=3),
    ):
        assert draw().tolist() == draw().tolist()
    assert as_generator(3).random() == as_generator(3).random()


def test_distributions_have_their_moments():
    n = (100_000,)
    normal = random.normal(n, mean=2.0, stddev=3.0, seed=1).data
    assert (normal.dtype, normal.mean(), normal.std()) == (
        np.float32,
        pytest.approx(2, abs=0.05),
        pytest.approx(3, abs=0.05),
    )
    cut = random.truncated_normal(n, mean=1.0, stddev=0.5, seed=1).data
    assert np.abs(cut - 1).max() <= 1.0
    assert (cut.mean(), cut.std()) == (pytest.approx(1, abs=0.01), pytest.approx(0.44, abs=0.01))
    even = random.uniform(n, -1.0, 3.0, seed=1).data
    assert (even.min() >= -1, even.max() < 3) == (True, True)
    assert even.mean() == pytest.approx(1, abs=0.02)
    ints = random.randint(n, 2, 5, seed=1)
    assert ints.dtype == "int32"
    np.testing.assert_allclose(
        np.bincount(ints.data) / n[0], [0, 0, 1 / 3, 1 / 3, 1 / 3], atol=0.01
    )
    assert random.gamma(n, 3.0, seed=1).data.mean() == pytest.approx(3, abs=0.05)
    assert random.beta(n, 2.0, 2.0, seed=1).data.mean() == pytest.approx(0.5, abs=0.01)
    assert random.binomial(n, 4, 0.25, seed=1).data.mean() == pytest.approx(1, abs=0.02)
    drawn = random.categorical(np.log([[0.2, 0.8], [1.0, 1e-30]]), 10_000, seed=1).data
    assert drawn.mean(axis=1) == pytest.approx([0.8, 0.0], abs=0.02)


def test_shuffle_keeps_slices_whole():
    x = np.arange(20).reshape(10, 2)
    y = random.shuffle(x, seed=0).data
    assert y.tolist() != x.tolist()
    np.testing.assert_array_equal(np.sort(y, axis=0), x)
    assert (y[:, 1] - y[:, 0] == 1).all()
    rows = random.shuffle(x, axis=1, seed=1).data
    assert sorted(map(tuple, rows.T)) == sorted(map(tuple, x.T))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: set_random_seed(-1), "seed expected an integer"),
        (lambda: SeedGenerator(-3), "seed expected a non-negative integer"),
        (lambda: SeedGenerator(1.5), "seed expected a non-negative integer"),
        (lambda: random.uniform((2,), dtype="int32"), "dtype expected a float type"),
        (lambda: random.randint((2,), 0, 5, dtype="float32"), "dtype expected an integer type"),
        (lambda: random.randint((2,), 5, 5), "maxval expected an integer above"),
        (lambda: random.categorical([0.0, 1.0], 2), "logits expected shape"),
    ],
)
def test_misuse_is_a_clear_error(call, message):
    with pytest.raises(ValueError, match=message):
        call()
