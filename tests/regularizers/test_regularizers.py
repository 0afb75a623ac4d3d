import numpy as np
import pytest

from leftfold import regularizers
from leftfold.engine import Tape, Tensor

X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]])
ALL = [
    regularizers.L1(0.1),
    regularizers.L2(0.2),
    regularizers.L1L2(0.1, 0.2),
    regularizers.OrthogonalRegularizer(0.5),
    regularizers.OrthogonalRegularizer(0.5, "columns"),
]


def test_penalties_follow_their_formulas():
    assert float(regularizers.L1(0.1)(X)) == pytest.approx(0.1 * 7.75)
    assert float(regularizers.L2(0.2)(X)) == pytest.approx(0.2 * np.square(X).sum())
    assert float(regularizers.L1L2(0.1, 0.2)(X)) == pytest.approx(
        0.1 * 7.75 + 0.2 * np.square(X).sum()
    )
    assert float(regularizers.L1L2()(X)) == 0.0


def test_orthogonal_penalty_is_the_mean_magnitude_of_cosines():
    a, b = X
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    assert float(regularizers.OrthogonalRegularizer(0.5)(X)) == pytest.approx(0.5 * abs(cosine))
    columns = float(regularizers.OrthogonalRegularizer(0.5, "columns")(X.T))
    assert columns == pytest.approx(0.5 * abs(cosine))
    assert float(regularizers.OrthogonalRegularizer()(np.eye(3))) == 0.0


@pytest.mark.parametrize("regularizer", ALL)
def test_gradient_agrees_with_differences(regularizer):
    x = Tensor(X.copy(), tracked=True)
    with Tape() as tape:
        penalty = regularizer(x)
    (gradient,) = tape.gradient(penalty, [x])
    for index in np.ndindex(X.shape):
        step = np.zeros_like(X)
        step[index] = 1e-6
        difference = (float(regularizer(X + step)) - float(regularizer(X - step))) / 2e-6
        assert gradient[index] == pytest.approx(difference, abs=1e-7)


@pytest.mark.parametrize("regularizer", ALL)
def test_penalty_keeps_the_dtype(regularizer):
    assert regularizer(X.astype("float32")).dtype == "float32"
    assert regularizer(X).dtype == "float64"


@pytest.mark.parametrize("regularizer", ALL)
def test_configuration_round_trip(regularizer):
    again = regularizers.deserialize(regularizers.serialize(regularizer))
    assert type(again) is type(regularizer)
    assert again.get_config() == regularizer.get_config()


def test_names_resolve():
    assert regularizers.get("l2").l2 == 0.01
    assert type(regularizers.get("l1l2")) is regularizers.L1L2
    assert type(regularizers.get("l1_l2")) is regularizers.L1L2
    assert type(regularizers.get("L1")) is regularizers.L1
    assert regularizers.l2(0.5).l2 == 0.5
    assert regularizers.get(None) is None
    with pytest.raises(ValueError, match="Unknown regularizer"):
        regularizers.get("lasso")


def test_bad_arguments_are_named():
    for bad in (-1.0, float("nan"), float("inf"), "x", [0.1]):
        with pytest.raises(ValueError, match="L2 expected l2 to be a finite number"):
            regularizers.L2(bad)
    with pytest.raises(ValueError, match="'rows' or 'columns', got 'diagonals'"):
        regularizers.OrthogonalRegularizer(mode="diagonals")
    with pytest.raises(ValueError, match="a matrix"):
        regularizers.OrthogonalRegularizer()(np.zeros((2, 2, 2)))
    with pytest.raises(NotImplementedError, match="get_config"):
        regularizers.Regularizer().get_config()
