"""`keras.wrappers`: models made by a function, as estimators of scikit-learn.

`SKLearnClassifier` and `SKLearnRegressor` are those of Keras 3, `KerasClassifier` and
`KerasRegressor` those of `keras.wrappers.scikit_learn` in Keras 2. They need scikit-learn.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from leftfold.models import Model, clone_model
from leftfold.utils import to_categorical

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
except ImportError as error:
    raise ImportError(
        "keras.wrappers needs scikit-learn, which is missing: pip install scikit-learn"
    ) from error

__all__ = ["KerasClassifier", "KerasRegressor", "SKLearnClassifier", "SKLearnRegressor"]


class _SKLearnModel(BaseEstimator):
    """What both kinds of Keras 3 share.

    Args:
        model: a compiled model, or a function of `X`, `y` and `model_kwargs` that makes one.
        warm_start: whether `fit` goes on with the model of the last `fit`.
        model_kwargs: arguments of the function.
        fit_kwargs: arguments of `Model.fit`.
    """

    def __init__(
        self,
        model: Any,
        warm_start: bool = False,
        model_kwargs: dict[str, Any] | None = None,
        fit_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Any:
        """Train a new model on `X` and `y`; further arguments are those of `Model.fit`."""
        X, target = np.asarray(X), self._target(np.asarray(y))
        if not (self.warm_start and hasattr(self, "model_")):
            self.model_ = self._made(X, target)
        self.history_ = self.model_.fit(X, target, **{**(self.fit_kwargs or {}), **kwargs})
        self.n_features_in_ = X.shape[-1]
        return self

    def _made(self, X: np.ndarray, y: np.ndarray) -> Any:
        if not isinstance(self.model, Model):
            return self.model(X, y, **(self.model_kwargs or {}))
        made = clone_model(self.model)
        if not made.compiled:  # one of a class of the user's own
            made.compile_from_config(copy.deepcopy(self.model.get_compile_config()))
        return made

    def _target(self, y: np.ndarray) -> np.ndarray:
        return y


class SKLearnClassifier(ClassifierMixin, _SKLearnModel):
    """A classifier of scikit-learn around a model that ends in one unit for each class."""

    def _target(self, y: np.ndarray) -> np.ndarray:
        self.classes_, numbers = np.unique(y, return_inverse=True)
        return np.asarray(to_categorical(numbers, len(self.classes_)))

    def predict_proba(self, X: Any) -> np.ndarray:
        """How probable each class is, `(rows, classes)`."""
        return np.asarray(self.model_.predict(np.asarray(X), verbose=0))

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each row."""
        found: np.ndarray = self.classes_[self.predict_proba(X).argmax(axis=-1)]
        return found


class SKLearnRegressor(RegressorMixin, _SKLearnModel):
    """A regressor of scikit-learn around a model that ends in the numbers to predict."""

    def predict(self, X: Any) -> np.ndarray:
        """The predicted numbers, `(rows,)` where the model has one output."""
        found = np.asarray(self.model_.predict(np.asarray(X), verbose=0))
        return found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found


class _KerasEstimator(BaseEstimator):
    """What both kinds of Keras 2 share: arguments go to the function or to `Model.fit`."""

    def __init__(self, build_fn: Callable[..., Any] | None = None, **sk_params: Any) -> None:
        if build_fn is None and not callable(self):
            raise TypeError(
                f"{type(self).__name__} expected build_fn, a function that makes a model."
            )
        self.build_fn = build_fn
        self.sk_params = sk_params

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {"build_fn": self.build_fn, **copy.deepcopy(self.sk_params)}

    def set_params(self, **params: Any) -> Any:
        self.build_fn = params.pop("build_fn", self.build_fn)
        self.sk_params.update(params)
        return self

    def _for(self, function: Callable[..., Any], **more: Any) -> dict[str, Any]:
        known = inspect.signature(function).parameters
        return {k: v for k, v in {**self.sk_params, **more}.items() if k in known}

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        """Train a new model; returns its `History`."""
        build: Any = self.build_fn or self
        self.model = build(**self._for(build))
        target = self._target(np.asarray(y))
        self.history = self.model.fit(np.asarray(x), target, **self._for(self.model.fit, **kwargs))
        return self.history

    def _target(self, y: np.ndarray) -> np.ndarray:
        return y

    def _output(self, x: Any, **kwargs: Any) -> np.ndarray:
        arguments = {"verbose": 0, **self._for(self.model.predict, **kwargs)}
        return np.asarray(self.model.predict(np.asarray(x), **arguments))


class KerasClassifier(ClassifierMixin, _KerasEstimator):
    """A classifier of scikit-learn around a function that makes a compiled model.

    Args:
        build_fn: makes the model.
        **sk_params: arguments of `build_fn`, `Model.fit` and `Model.predict`.
    """

    def _target(self, y: np.ndarray) -> np.ndarray:
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
            return y
        self.classes_, numbers = np.unique(y, return_inverse=True)
        loss = getattr(self.model.loss, "name", self.model.loss)
        numbers = numbers.reshape(-1)
        if loss == "categorical_crossentropy":
            return np.asarray(to_categorical(numbers, len(self.classes_)))
        return numbers

    def predict_proba(self, x: Any, **kwargs: Any) -> np.ndarray:
        """How probable each class is, `(rows, classes)`."""
        found = self._output(x, **kwargs)
        return np.hstack([1 - found, found]) if found.shape[1] == 1 else found

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """The likeliest class of each row."""
        found: np.ndarray = self.classes_[self.predict_proba(x, **kwargs).argmax(axis=-1)]
        return found

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """The share of rows whose class is found."""
        truth = np.asarray(y)
        if truth.ndim == 2 and truth.shape[1] > 1:
            truth = truth.argmax(axis=1)
        return float(np.mean(self.predict(x, **kwargs) == truth.reshape(-1)))


class KerasRegressor(RegressorMixin, _KerasEstimator):
    """A regressor of scikit-learn around a function that makes a compiled model.

    Args:
        build_fn: makes the model.
        **sk_params: arguments of `build_fn`, `Model.fit` and `Model.predict`.
    """

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """The predicted numbers."""
        return np.squeeze(self._output(x, **kwargs), axis=-1)

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """The loss with its sign changed, so that more is better."""
        found = self.model.evaluate(np.asarray(x), np.asarray(y), verbose=0)
        return -float(found[0] if isinstance(found, list) else found)
