"""`TaskEstimator`: what all estimators share, by the conventions of scikit-learn.

scikit-learn itself is not needed, and only imported where it asks for its own tags.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from leftfold.saving import SavingError
from leftfold.tasks.errors import NotFittedError
from leftfold.tasks.files import TaskFile, read_task_file, write_task_file

Self = TypeVar("Self", bound="TaskEstimator")


class TaskEstimator:
    """The base of estimators: parameters, saving and loading, and what scikit-learn asks for.

    A subclass stores its constructor's arguments unchanged under their own names, sets attributes
    that end in an underscore in `fit` (`model_` among them) and writes `_state` and `_set_state`.

    Example:
        >>> class Constant(TaskEstimator):
        ...     def __init__(self, value=1):
        ...         self.value = value
        >>> Constant(2).set_params(value=3).get_params()
        {'value': 3}
    """

    _estimator_type: ClassVar[str | None] = None
    model_: Any

    @classmethod
    def _param_names(cls) -> list[str]:
        signature = inspect.signature(cls.__init__)
        return sorted(name for name in signature.parameters if name != "self")

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's arguments by name.

        Args:
            deep: without effect: no argument is an estimator.
        """
        return {name: getattr(self, name) for name in self._param_names()}

    def set_params(self: Self, **params: Any) -> Self:
        """Change constructor arguments.

        Raises:
            ValueError: for a name that the constructor does not know.
        """
        known = self._param_names()
        for name, value in params.items():
            if name not in known:
                raise ValueError(
                    f"{type(self).__name__} has no parameter {name!r}; it has {', '.join(known)}."
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        given = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if value is not defaults[name].default and repr(value) != repr(defaults[name].default)
        ]
        return f"{type(self).__name__}({', '.join(given)})"

    @property
    def model(self) -> Any:
        """The fitted Leftfold model."""
        self._check_fitted()
        return self.model_

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def _check_fitted(self) -> None:
        """Complain where nothing was fitted.

        Raises:
            NotFittedError: before `fit` or `load`.
        """
        if not self.__sklearn_is_fitted__():
            raise NotFittedError(
                f"This {type(self).__name__} is not fitted yet: call fit, or load a saved one."
            )

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn wants to know of its estimators."""
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags

        kind = self._estimator_type
        return Tags(
            estimator_type=kind,
            target_tags=TargetTags(required=kind == "classifier"),
            classifier_tags=ClassifierTags() if kind == "classifier" else None,
            regressor_tags=RegressorTags() if kind == "regressor" else None,
            input_tags=InputTags(one_d_array=True, three_d_array=True, string=True),
            non_deterministic=False,
        )

    def _state(self) -> TaskFile:
        """What to save of a fitted estimator, parameters included."""
        raise NotImplementedError(f"{type(self).__name__} cannot be saved.")

    def _set_state(self, content: TaskFile) -> None:
        """Take what `_state` gave; the parameters are set already."""
        raise NotImplementedError(f"{type(self).__name__} cannot be loaded.")

    def save(self, path: Path | str) -> None:
        """Write the fitted estimator into one file, which replaces an older one in one go.

        Args:
            path: where to; any ending, `.leftfold` by custom.

        Raises:
            NotFittedError: before `fit`.
            SavingError: when the file cannot be written.
        """
        self._check_fitted()
        write_task_file(path, self._state())

    @classmethod
    def load(cls: type[Self], path: Path | str) -> Self:
        """Read what `save` wrote. No code in the file is run.

        Raises:
            SavingError: for a file that is missing, damaged, hostile, or of another task.
        """
        content = read_task_file(path)
        if content.task != cls.__name__:
            raise SavingError(f"{path} holds a {content.task}, expected a {cls.__name__}.")
        unknown = set(content.params) - set(cls._param_names())
        if unknown:
            raise SavingError(f"{path} has settings that are not known here: {sorted(unknown)}.")
        estimator = cls(**content.params)
        try:
            estimator._set_state(content)
        except SavingError:
            raise
        except Exception as error:  # whatever a file that nobody vouches for can bring about
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise SavingError(f"{path} is damaged: {reason}.") from error
        return estimator
