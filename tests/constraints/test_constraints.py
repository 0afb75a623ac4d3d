import numpy as np
import pytest

from leftfold import constraints
from leftfold.engine import Variable

W = np.random.default_rng(0).normal(size=(6, 5)) * 3


def norms(w, axis=0):
    return np.sqrt(np.square(np.asarray(w)).sum(axis=axis))


def test_non_neg_lifts_negative_values_to_zero():
    assert np.array_equal(constraints.NonNeg()(W), np.where(W < 0, 0, W))


def test_max_norm_shortens_only_long_columns():
    limit = float(np.median(norms(W)))
    limited = constraints.MaxNorm(limit)(W)
    assert np.allclose(norms(limited), np.minimum(norms(W), limit), rtol=1e-6)
    assert np.allclose(constraints.MaxNorm(1e6)(W), W, rtol=1e-6)
    assert np.allclose(constraints.MaxNorm()(W / 100), W / 100, rtol=1e-5)


def test_unit_norm_along_each_axis():
    assert np.allclose(norms(constraints.UnitNorm()(W)), 1)
    assert np.allclose(norms(constraints.UnitNorm(axis=1)(W), 1), 1)
    assert np.allclose(norms(constraints.UnitNorm(axis=[0, 1])(W), None), 1)


def test_min_max_norm_moves_by_its_rate():
    w = W / norms(W) * [0.5, 1.0, 2.0, 3.0, 8.0]
    assert np.allclose(norms(constraints.MinMaxNorm(1.0, 3.0)(w)), [1, 1, 2, 3, 3])
    assert np.allclose(norms(constraints.MinMaxNorm(1.0, 3.0, rate=0.5)(w)), [0.75, 1, 2, 3, 5.5])


def test_zero_columns_stay_zero():
    for constraint in (constraints.MaxNorm(), constraints.UnitNorm(), constraints.MinMaxNorm(1.0)):
        assert np.array_equal(constraint(np.zeros((3, 2))), np.zeros((3, 2)))


@pytest.mark.parametrize(
    "constraint",
    [
        constraints.NonNeg(),
        constraints.MaxNorm(3.0, 1),
        constraints.UnitNorm(1),
        constraints.MinMaxNorm(0.1, 2.0, 0.5, 1),
    ],
)
def test_configuration_round_trip_and_variables(constraint):
    again = constraints.deserialize(constraints.serialize(constraint))
    assert type(again) is type(constraint)
    assert again.get_config() == constraint.get_config()
    variable = Variable(W.astype("float32"))
    assert constraint(variable).dtype == "float32"


def test_names_resolve():
    assert type(constraints.get("non_neg")) is constraints.NonNeg
    assert type(constraints.get("MaxNorm")) is constraints.MaxNorm
    assert constraints.get(None) is None
    with pytest.raises(ValueError, match="Did you mean 'unit_norm'"):
        constraints.get("unitnorm")
