"""`OnlineRegressor`: a recurrent network that learns while the stream goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from leftfold import layers
from leftfold.engine.random import seeded
from leftfold.layers import Input
from leftfold.models import Model
from leftfold.optimizers import Adam
from leftfold.tasks.errors import DataError
from leftfold.tasks.estimator import TaskEstimator
from leftfold.tasks.files import TaskFile
from leftfold.tasks.online.prequential import check_count

CELLS = {"simple_rnn": layers.SimpleRNN, "gru": layers.GRU, "lstm": layers.LSTM}
_READER = "reader"
_FARTHEST = 10.0


@dataclass
class RunningScale:
    """Mean and deviation of each column of all rows so far.

    Source: T. Chan et al., Algorithms for Computing the Sample Variance, 1983, for the updates.

    Example:
        >>> scale = RunningScale(1)
        >>> scale.update(np.array([[1.0], [3.0]]))
        >>> scale.scaled(np.array([[4.0]])).tolist()
        [[2.0]]
    """

    columns: int
    seen: int = 0
    mean: np.ndarray = field(init=False)
    spread: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.mean, self.spread = np.zeros(self.columns), np.zeros(self.columns)

    def update(self, rows: np.ndarray) -> None:
        """Take further rows `(rows, columns)`."""
        count, mean = len(rows), rows.mean(0)
        gap, total = mean - self.mean, self.seen + count
        self.spread += ((rows - mean) ** 2).sum(0) + gap**2 * self.seen * count / total
        self.mean += gap * count / total
        self.seen = total

    @property
    def deviation(self) -> np.ndarray:
        """Of each column; 1 for one that has not changed yet."""
        found = np.sqrt(self.spread / max(1, self.seen))
        return np.where(found > 1e-12, found, 1.0)

    def scaled(self, rows: np.ndarray) -> np.ndarray:
        """Rows in deviations from the mean, at most 10 of them."""
        return np.clip((rows - self.mean) / self.deviation, -_FARTHEST, _FARTHEST)

    def unscaled(self, rows: np.ndarray) -> np.ndarray:
        """The way back."""
        return rows * self.deviation + self.mean


class OnlineRegressor(TaskEstimator):
    """Predicts a number at every step of a stream, and learns from each window that has arrived.

    The state of the network is kept from window to window, so that it knows what was long before;
    gradients go back no further than the window that is learnt. Means and deviations of features
    and targets are those of the stream so far. A target may depend on a target before it only
    through `X`: to foretell a series, let the value before be one of the features.

    Args:
        cell: `"simple_rnn"`, `"gru"` or `"lstm"`.
        units: of the recurrence.
        passes: steps of learning on each window, each from the state before the window.
        learning_rate: of Adam.
        seed: of the weights.

    Attributes:
        model_: the Leftfold model, stateful, from `(1, steps, features)` to `(1, steps, 1)`.
        seen_: steps learnt so far.

    Example:
        >>> x = np.sin(np.arange(300) / 5)
        >>> learner = OnlineRegressor(units=8, passes=8, seed=1)
        >>> for at in range(0, 280, 20):
        ...     _ = learner.partial_fit(x[at : at + 20, None], x[at + 1 : at + 21])
        >>> error = np.abs(learner.predict(x[280:299, None]) - x[281:])
        >>> bool(error.mean() < 0.1)
        True
    """

    _estimator_type = "regressor"

    def __init__(
        self,
        cell: str = "gru",
        units: int = 32,
        passes: int = 4,
        learning_rate: float = 1e-2,
        seed: int = 0,
    ) -> None:
        self.cell = cell
        self.units = units
        self.passes = passes
        self.learning_rate = learning_rate
        self.seed = seed

    def partial_fit(self, X: Any, y: Any) -> OnlineRegressor:
        """Learn from the window that came next, and keep the state behind it.

        Args:
            X: features, `(steps, features)`.
            y: targets, `(steps,)`.

        Raises:
            DataError: for shapes that do not fit, or numbers that are not finite.
        """
        known = self.features_.columns if self.__sklearn_is_fitted__() else None
        rows = _window(X, known)
        targets = _targets(y, len(rows))
        if not self.__sklearn_is_fitted__():
            self._begin(rows.shape[1])
        self.features_.update(rows)
        self.targets_.update(targets[:, None])
        x = self.features_.scaled(rows)[None].astype(np.float32)
        aims = self.targets_.scaled(targets[:, None])[None].astype(np.float32)
        before = self._states()
        for _ in range(self.passes):
            self._set_states(before)
            self.model_.train_on_batch(x, aims)
        self.seen_ += len(rows)
        return self

    def fit(self, X: Any, y: Any, window: int = 24) -> OnlineRegressor:
        """Forget everything, then learn a whole stream, window by window.

        Args:
            X: features, `(steps, features)`.
            y: targets, `(steps,)`.
            window: steps between two lessons.

        Raises:
            ValueError: for settings that make no sense.
            DataError: for shapes that do not fit, or numbers that are not finite.
        """
        rows = _window(X, None)
        targets = _targets(y, len(rows))
        check_count("window", window)
        self.check_settings()
        if hasattr(self, "model_"):
            del self.model_
        for at in range(0, len(rows), window):
            self.partial_fit(rows[at : at + window], targets[at : at + window])
        return self

    def predict(self, X: Any) -> np.ndarray:
        """What comes at the next steps, `(steps,)`, from the kept state, which does not change."""
        self._check_fitted()
        rows = _window(X, self.features_.columns)
        before = self._states()
        x = self.features_.scaled(rows)[None].astype(np.float32)
        outputs = self.model_.predict_on_batch(x)
        self._set_states(before)
        found: np.ndarray = self.targets_.unscaled(np.asarray(outputs, np.float64)[0])[:, 0]
        return found

    def score(self, X: Any, y: Any) -> float:
        """The share of the variance of `y` that is explained (R²).

        Where `y` does not vary it is 1 for predictions that are right, and 0 for all others.
        """
        found = self.predict(X)
        truth = _targets(y, len(found))
        rest, spread = np.sum((truth - found) ** 2), np.sum((truth - truth.mean()) ** 2)
        return float(1 - rest / spread) if spread else float(rest == 0)

    def reset_states(self) -> None:
        """Begin a new stream with what was learnt of the old one."""
        self._check_fitted()
        self.model_.reset_states()

    def check_settings(self) -> None:
        """Complain about settings that cannot be meant, before any work.

        Raises:
            ValueError: for the first of them, by name.
        """
        if self.cell not in CELLS:
            raise ValueError(f"cell expected one of {', '.join(CELLS)}, got {self.cell!r}.")
        for name in ("units", "passes"):
            check_count(name, getattr(self, name))
        if not self.learning_rate > 0:
            raise ValueError(
                f"learning_rate expected a number above 0, got {self.learning_rate!r}."
            )

    def _begin(self, features: int) -> None:
        self.check_settings()
        self.features_, self.targets_, self.seen_ = RunningScale(features), RunningScale(1), 0
        with seeded(self.seed):
            steps = Input(batch_shape=(1, None, features), name="steps")
            reader = CELLS[self.cell](
                self.units, return_sequences=True, stateful=True, name=_READER
            )
            self.model_ = Model(steps, layers.Dense(1, name="target")(reader(steps)))
        self._compile()

    def _compile(self) -> None:
        self.model_.compile(Adam(self.learning_rate, clipnorm=1.0), "huber")

    def _states(self) -> list[np.ndarray]:
        return [np.array(state) for state in self.model_.get_layer(_READER).states]

    def _set_states(self, states: list[np.ndarray]) -> None:
        self.model_.get_layer(_READER).states = states

    def _state(self) -> TaskFile:
        arrays = {f"state_{number}": state for number, state in enumerate(self._states())}
        for name, scale in (("features", self.features_), ("targets", self.targets_)):
            arrays |= {f"{name}_mean": scale.mean, f"{name}_spread": scale.spread}
        state = {"seen": self.seen_}
        return TaskFile("OnlineRegressor", self.get_params(), state, self.model_, None, arrays)

    def _set_state(self, content: TaskFile) -> None:
        self.model_, self.seen_ = content.model, int(content.state["seen"])
        for name in ("features", "targets"):
            mean, spread = content.arrays[f"{name}_mean"], content.arrays[f"{name}_spread"]
            scale = RunningScale(len(mean), self.seen_)
            scale.mean, scale.spread = mean, spread
            setattr(self, f"{name}_", scale)
        if self.model_.input_shape != (1, None, self.features_.columns):
            raise ValueError(f"the model has inputs {self.model_.input_shape}")
        kept = [name for name in content.arrays if name.startswith("state_")]
        self._set_states([content.arrays[f"state_{number}"] for number in range(len(kept))])


def _window(x: Any, features: int | None) -> np.ndarray:
    rows = np.asarray(x, np.float64)
    if rows.ndim != 2 or not rows.size or (features is not None and rows.shape[1] != features):
        expected = "features" if features is None else features
        raise DataError(f"X expected shape (steps, {expected}), got {rows.shape}.")
    _check_finite("X", rows)
    return rows


def _targets(y: Any, steps: int) -> np.ndarray:
    targets = np.asarray(y, np.float64)
    if targets.shape != (steps,):
        raise DataError(f"y expected shape ({steps},), got {targets.shape}.")
    _check_finite("y", targets)
    return targets


def _check_finite(name: str, values: np.ndarray) -> None:
    if not np.isfinite(values).all():
        step = int(np.argwhere(~np.isfinite(values))[0, 0])
        raise DataError(f"{name}, step {step + 1}: expected a finite number, got {values[step]}.")
