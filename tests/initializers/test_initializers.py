import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold import initializers
from leftfold.engine import config
from leftfold.engine.random import SeedGenerator, set_random_seed

SEEDED = [
    initializers.RandomNormal,
    initializers.RandomUniform,
    initializers.TruncatedNormal,
    initializers.VarianceScaling,
    initializers.GlorotNormal,
    initializers.GlorotUniform,
    initializers.HeNormal,
    initializers.HeUniform,
    initializers.LecunNormal,
    initializers.LecunUniform,
    initializers.Orthogonal,
]


@pytest.mark.parametrize("cls", SEEDED)
def test_an_instance_gives_the_same_values_at_every_call(cls):
    for initializer in (cls(seed=3), cls()):
        assert np.array_equal(initializer((4, 5)), initializer((4, 5)))


@pytest.mark.parametrize("cls", SEEDED)
def test_equal_seeds_agree_and_different_seeds_differ(cls):
    assert np.array_equal(cls(seed=3)((4, 5)), cls(seed=3)((4, 5)))
    assert not np.array_equal(cls(seed=3)((4, 5)), cls(seed=4)((4, 5)))


@pytest.mark.parametrize("cls", SEEDED)
def test_a_seed_generator_gives_new_values_at_every_call(cls):
    initializer = cls(seed=SeedGenerator(3))
    first, second = initializer((4, 5)), initializer((4, 5))
    assert not np.array_equal(first, second)
    again = cls(seed=SeedGenerator(3))
    assert np.array_equal(first, again((4, 5)))


@pytest.mark.parametrize("cls", SEEDED)
def test_unseeded_ones_follow_the_session_seed(cls):
    def two():
        set_random_seed(11)
        return cls()((4, 5)), cls()((4, 5))

    (a, b), (c, d) = two(), two()
    assert np.array_equal(a, c)
    assert np.array_equal(b, d)
    assert not np.array_equal(a, b)


@pytest.mark.parametrize("cls", SEEDED)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtype_and_shape_are_those_asked_for(cls, dtype):
    values = cls(seed=1)((3, 4, 5), dtype)
    assert values.dtype == dtype
    assert values.shape == (3, 4, 5)
    assert values.flags.c_contiguous


@pytest.mark.parametrize("cls", [*SEEDED, initializers.Zeros, initializers.Ones])
def test_the_default_dtype_is_floatx(cls):
    config.set_floatx("float64")
    try:
        assert cls()((3, 4)).dtype == np.float64
    finally:
        config.set_floatx("float32")
    assert cls()((3, 4)).dtype == np.float32


def test_constants():
    assert np.array_equal(initializers.Zeros()((2, 3)), np.zeros((2, 3)))
    assert np.array_equal(initializers.Ones()((2, 3)), np.ones((2, 3)))
    assert np.array_equal(initializers.Constant(2.5)((2, 3)), np.full((2, 3), 2.5))
    assert np.array_equal(initializers.Constant([1, 2, 3])((2, 3)), [[1, 2, 3]] * 2)
    assert np.array_equal(initializers.Identity(2.0)((2, 3)), [[2, 0, 0], [0, 2, 0]])
    with pytest.raises(ValueError, match="two sizes"):
        initializers.Identity()((3,))


@pytest.mark.parametrize(
    ("cls", "variance"),
    [
        (initializers.GlorotUniform, 2 / 500),
        (initializers.GlorotNormal, 2 / 500),
        (initializers.HeUniform, 2 / 200),
        (initializers.HeNormal, 2 / 200),
        (initializers.LecunUniform, 1 / 200),
        (initializers.LecunNormal, 1 / 200),
    ],
)
def test_variance_follows_the_fans_of_the_whole_matrix(cls, variance):
    values = cls(seed=1)((200, 300))
    assert abs(values.mean()) < 0.02 * math.sqrt(variance)
    assert values.var() == pytest.approx(variance, rel=0.03)


def test_the_untruncated_normal_reaches_beyond_two_deviations():
    values = initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal", seed=1)((200, 300))
    spread = math.sqrt(2 / 300)
    assert abs(values.mean()) < 0.02 * spread
    assert values.std() == pytest.approx(spread, rel=0.02)
    assert np.abs(values).max() > 3 * spread


def test_uniform_stays_inside_its_limits():
    values = initializers.GlorotUniform(seed=1)((200, 300))
    limit = math.sqrt(6 / 500)
    assert np.abs(values).max() <= limit
    assert np.abs(values).max() > 0.99 * limit
    values = initializers.RandomUniform(1.0, 3.0, seed=1)((10000,))
    assert values.min() >= 1
    assert values.max() < 3
    assert values.mean() == pytest.approx(2.0, abs=0.03)


def test_truncated_normal_stays_within_two_deviations():
    values = initializers.TruncatedNormal(1.0, 0.5, seed=1)((20000,))
    assert np.abs(values - 1).max() <= 1.0
    assert values.std() == pytest.approx(0.5 * 0.8796, rel=0.02)
    normal = initializers.RandomNormal(1.0, 0.5, seed=1)((20000,))
    assert np.abs(normal - 1).max() > 1.5
    assert normal.std() == pytest.approx(0.5, rel=0.02)


def test_fans_of_vectors_matrices_and_convolutions():
    assert initializers.compute_fans(()) == (1, 1)
    assert initializers.compute_fans((7,)) == (7, 7)
    assert initializers.compute_fans((3, 4)) == (3, 4)
    assert initializers.compute_fans((5, 3, 4)) == (15, 20)
    assert initializers.compute_fans((5, 3, 4), [0], [1, 2]) == (5, 12)


@given(st.integers(1, 12), st.integers(1, 12), st.floats(0.1, 3.0))
def test_orthogonal_has_orthonormal_rows_or_columns(rows, columns, gain):
    q = initializers.Orthogonal(gain, seed=5)((rows, columns), "float64")
    product = q @ q.T if rows <= columns else q.T @ q
    assert np.allclose(product, gain**2 * np.eye(min(rows, columns)), atol=1e-12)


def test_orthogonal_reads_all_but_the_last_size_as_rows():
    q = initializers.Orthogonal(seed=5)((2, 3, 4)).reshape(6, 4)
    assert np.allclose(q.T @ q, np.eye(4), atol=1e-6)
    with pytest.raises(ValueError, match="at least two"):
        initializers.Orthogonal()((4,))


def test_names_and_aliases_resolve():
    for name, cls in {
        "uniform": initializers.RandomUniform,
        "normal": initializers.RandomNormal,
        "zeros": initializers.Zeros,
        "zero": initializers.Zeros,
        "one": initializers.Ones,
        "GlorotUniform": initializers.GlorotUniform,
        "glorot_uniform": initializers.GlorotUniform,
        "OrthogonalInitializer": initializers.Orthogonal,
        "he_normal": initializers.HeNormal,
    }.items():
        assert type(initializers.get(name)) is cls
    assert initializers.get(None) is None
    assert type(initializers.get(initializers.Ones)) is initializers.Ones
    own = initializers.Ones()
    assert initializers.get(own) is own


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(
        ValueError, match=r"Unknown initializer 'glorot_unifrom'. Did you mean 'glorot_uniform'"
    ):
        initializers.get("glorot_unifrom")
    with pytest.raises(ValueError, match="Known: constant"):
        initializers.get("qqqqqqqq")


def test_an_array_stands_for_itself_and_checks_the_shape():
    values = np.arange(6.0).reshape(2, 3)
    initializer = initializers.get(values)
    assert np.array_equal(initializer((2, 3), "float32"), values)
    with pytest.raises(ValueError, match=r"\(2, 3\).*\(3, 2\)"):
        initializer((3, 2))


def test_configuration_is_keras_own():
    assert initializers.serialize(initializers.get("glorot_uniform")) == {
        "module": "keras.initializers",
        "class_name": "GlorotUniform",
        "config": {"seed": None, "input_axes": None, "output_axes": None},
        "registered_name": None,
    }
    seeded = initializers.serialize(initializers.Orthogonal(seed=SeedGenerator(3)))
    assert seeded["config"]["gain"] == 1.0
    assert seeded["config"]["seed"]["module"] == "keras.random"
    assert seeded["config"]["seed"]["class_name"] == "SeedGenerator"
    assert seeded["config"]["seed"]["config"]["seed"] == 3


@pytest.mark.parametrize(
    "initializer",
    [
        *(cls(seed=9) for cls in SEEDED),
        initializers.Orthogonal(seed=SeedGenerator(3)),
        initializers.VarianceScaling(2.0, "fan_out", "uniform", seed=1),
        initializers.RandomNormal(1.0, 2.0, seed=1),
        initializers.Identity(2.0),
        initializers.Constant(3.0),
        initializers.Constant(np.arange(4.0)),
        initializers.Zeros(),
    ],
)
def test_configuration_round_trip_gives_the_same_values(initializer):
    again = initializers.deserialize(initializers.serialize(initializer))
    assert type(again) is type(initializer)
    assert np.array_equal(again((4, 4)), initializer((4, 4)))


def test_bad_arguments_are_named():
    for scale in (-1, 0):
        with pytest.raises(ValueError, match=f"scale to be positive, got {scale}"):
            initializers.VarianceScaling(scale=scale)
    with pytest.raises(ValueError, match="mode to be one of fan_in"):
        initializers.VarianceScaling(mode="fan")
    with pytest.raises(ValueError, match="distribution to be one of"):
        initializers.VarianceScaling(distribution="cauchy")
    with pytest.raises(ValueError, match="seed to be an integer"):
        initializers.GlorotUniform(seed="x")
