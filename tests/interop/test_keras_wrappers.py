"""Models as estimators of scikit-learn, by the names of Keras 2 and 3."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold import Sequential, layers
from leftfold.utils import set_random_seed

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from leftfold.interop.keras_wrappers import (
    KerasClassifier,
    KerasRegressor,
    SKLearnClassifier,
    SKLearnRegressor,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3)).astype("float32")
NAMES = np.array(["no", "yes"])[(X[:, 0] > 0).astype(int)]
NUMBERS = X @ np.array([1.0, -2.0, 0.5], "float32")


def classifier(X, y, units=8):
    model = Sequential(
        [layers.Dense(units, activation="relu"), layers.Dense(y.shape[1], "softmax")]
    )
    model.compile("adam", "categorical_crossentropy")
    return model


def one_output(units=8, loss="mse", activation=None):
    model = Sequential([layers.Dense(units, activation="relu"), layers.Dense(1, activation)])
    model.compile("adam", loss, metrics=[])
    return model


@pytest.fixture(autouse=True)
def seed():
    set_random_seed(1)


def test_a_classifier_of_keras_3_learns_names_in_a_pipeline():
    estimator = SKLearnClassifier(
        classifier,
        model_kwargs={"units": 16},
        fit_kwargs={"epochs": 40, "batch_size": 8, "verbose": 0},
    )
    pipeline = make_pipeline(StandardScaler(), clone(estimator)).fit(X, NAMES)
    assert pipeline.score(X, NAMES) > 0.9
    assert set(pipeline.predict(X)) == {"no", "yes"}
    assert pipeline.predict_proba(X).shape == (80, 2)


def test_a_regressor_of_keras_3_takes_a_compiled_model_and_leaves_it_untrained():
    model = one_output()
    model.build((None, 3))
    before = model.get_weights()
    fitted = SKLearnRegressor(model, fit_kwargs={"epochs": 60, "batch_size": 8, "verbose": 0})
    fitted.fit(X, NUMBERS)
    assert fitted.score(X, NUMBERS) > 0.5 and fitted.predict(X).shape == (80,)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_grid_of_keras_2_goes_to_the_function_and_to_fit():
    def build(units=4):
        return one_output(units, "binary_crossentropy", "sigmoid")

    estimator = KerasClassifier(build_fn=build, epochs=2, batch_size=16, verbose=0)
    search = GridSearchCV(estimator, {"units": [4, 16], "epochs": [1, 40]}, cv=2).fit(X, NAMES)
    assert search.best_params_["epochs"] == 40 and search.best_score_ > 0.7
    assert search.best_estimator_.predict_proba(X).shape == (80, 2)


def test_a_regressor_of_keras_2_is_scored_by_its_loss():
    estimator = KerasRegressor(build_fn=one_output, epochs=1, batch_size=16, verbose=0)
    assert (
        cross_val_score(estimator, X, NUMBERS, cv=2, scoring="neg_mean_squared_error") < 0
    ).all()
    estimator.fit(X, NUMBERS)
    error = np.mean((estimator.predict(X) - NUMBERS) ** 2)
    assert estimator.score(X, NUMBERS) == pytest.approx(-error, rel=1e-4)


def test_a_function_is_needed():
    with pytest.raises(TypeError, match="KerasClassifier expected build_fn"):
        KerasClassifier(epochs=3)
