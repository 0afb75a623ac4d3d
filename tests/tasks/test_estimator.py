"""`TaskEstimator`: scikit-learn's conventions, and one file that holds everything."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leftfold import Input, Sequential, layers
from leftfold.engine.random import fresh_seed, seeded, set_random_seed
from leftfold.saving import SavingError
from leftfold.tasks.errors import MissingExtraError, NotFittedError
from leftfold.tasks.estimator import TaskEstimator
from leftfold.tasks.extras import require
from leftfold.tasks.files import TaskFile
from leftfold.tasks.training import train


class Linear(TaskEstimator):
    """One dense layer, with what estimators store."""

    _estimator_type = "classifier"

    def __init__(self, units: int = 2, name: str | None = None) -> None:
        self.units = units
        self.name = name

    def fit(self, x: Any, y: Any) -> Linear:
        x = np.asarray(x, "float32")
        self.classes_ = np.unique(y)
        self.mean_ = x.mean(0)
        self.model_ = Sequential([Input((x.shape[1],)), layers.Dense(self.units)])
        return self

    def predict(self, x: Any) -> np.ndarray:
        self._check_fitted()
        scores = self.model_.predict(np.asarray(x, "float32") - self.mean_, verbose=0)
        return self.classes_[scores.argmax(1) % len(self.classes_)]

    def score(self, x: Any, y: Any) -> float:
        return float(np.mean(self.predict(x) == y))

    def _state(self) -> TaskFile:
        state = {"classes": self.classes_.tolist()}
        arrays = {"mean": self.mean_}
        return TaskFile("Linear", self.get_params(), state, self.model_, ["a", "é"], arrays)

    def _set_state(self, content: TaskFile) -> None:
        self.classes_ = np.array(content.state["classes"])
        self.mean_ = content.arrays["mean"]
        self.model_ = content.model
        assert content.vocabulary == ["a", "é"]


X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)


def test_scikit_learn_can_clone_search_and_pipe_it() -> None:
    sklearn = pytest.importorskip("sklearn")
    from sklearn.base import clone, is_classifier
    from sklearn.model_selection import GridSearchCV, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    assert sklearn
    estimator = Linear(3, "x")
    copy = clone(estimator)
    assert copy is not estimator and copy.get_params() == {"units": 3, "name": "x"}
    assert is_classifier(estimator)
    assert len(cross_val_score(estimator, X, Y, cv=3)) == 3
    assert GridSearchCV(Linear(), {"units": [2, 4]}, cv=2).fit(X, Y).best_params_
    assert make_pipeline(StandardScaler(), Linear()).fit(X, Y).predict(X).shape == (40,)


def test_params_are_those_of_the_constructor() -> None:
    assert repr(Linear()) == "Linear()"
    assert repr(Linear(4)) == "Linear(units=4)"
    assert Linear().set_params(units=7).units == 7
    with pytest.raises(ValueError, match="Linear has no parameter 'nits'; it has name, units"):
        Linear().set_params(nits=3)


def test_before_fit_it_says_so(tmp_path: Path) -> None:
    for call in (
        lambda: Linear().predict(X),
        lambda: Linear().save(tmp_path / "x"),
        lambda: Linear().model,
    ):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            call()


def test_one_file_holds_all(tmp_path: Path) -> None:
    fitted = Linear(3).fit(X, Y)
    path = tmp_path / "x.leftfold"
    fitted.save(path)
    loaded = Linear.load(path)
    assert loaded.get_params() == fitted.get_params()
    np.testing.assert_array_equal(loaded.predict(X), fitted.predict(X))
    np.testing.assert_array_equal(loaded.mean_, fitted.mean_)
    assert sorted(zipfile.ZipFile(path).namelist()) == [
        "arrays/mean.npy", "model.keras", "settings.json", "vocabulary.json",
    ]  # fmt: skip
    assert [p.name for p in tmp_path.iterdir()] == ["x.leftfold"]


def changed(path: Path, **members: bytes | None) -> Path:
    """A copy of a file with members replaced, or left out."""
    names = {"settings": "settings.json", "array": "arrays/mean.npy", "model": "model.keras"}
    target = path.with_name("changed.leftfold")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        given = {names[key]: value for key, value in members.items()}
        for name in old.namelist():
            content = given.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return target


def npy(header: str) -> bytes:
    text = header.encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def pickled() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], object), allow_pickle=True)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"settings": b"{"}, "not valid JSON"),
        ({"settings": b"[]"}, "is not a Leftfold task file"),
        ({"settings": None}, "no settings.json"),
        ({"model": None}, "no model.keras"),
        ({"model": b"PK"}, "is not a .keras file"),
        ({"array": pickled()}, "is damaged: arrays/mean.npy: it holds object"),
        ({"array": b"\x93NUMPY"}, "is damaged: arrays/mean.npy"),
        (
            {"array": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999,), }")},
            "its size is not that of its shape",
        ),
        ({"array": None}, "is damaged: KeyError"),
    ],
)
def test_damaged_files_are_refused_in_one_line(
    tmp_path: Path, members: dict[str, bytes | None], message: str
) -> None:
    path = tmp_path / "x.leftfold"
    Linear().fit(X, Y).save(path)
    with pytest.raises(SavingError, match=message) as error:
        Linear.load(changed(path, **members))
    assert "\n" not in str(error.value)


def test_files_of_other_tasks_and_with_unknown_settings_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.leftfold"
    Linear().fit(X, Y).save(path)
    settings = json.loads(zipfile.ZipFile(path).read("settings.json"))
    for change, message in [
        ({"task": "Forecaster"}, "holds a Forecaster, expected a Linear"),
        ({"params": {"evil": 1}}, r"settings that are not known here: \['evil'\]"),
        ({"format_version": 9}, "another version of the format"),
        ({"state": 3}, "has no state"),
    ]:
        content = json.dumps({**settings, **change}).encode()
        with pytest.raises(SavingError, match=message):
            Linear.load(changed(path, settings=content))
    with pytest.raises(SavingError, match="does not exist"):
        Linear.load(tmp_path / "nothing")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(SavingError, match="is not a Leftfold task file"):
        Linear.load(tmp_path / "text")


def test_truncated_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.leftfold"
    Linear().fit(X, Y).save(path)
    content = path.read_bytes()
    for size in range(0, len(content), max(1, len(content) // 40)):
        path.write_bytes(content[:size])
        with pytest.raises(SavingError):
            Linear.load(path)


def test_a_setting_that_is_no_plain_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(SavingError, match="name cannot be saved: expected plain data, got object"):
        Linear(name=object()).fit(X, Y).save(tmp_path / "x")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_a_seed_counts_inside_its_block_only() -> None:
    set_random_seed(3)
    expected = [fresh_seed(), fresh_seed()]
    set_random_seed(3)
    first = fresh_seed()
    with seeded(9):
        inside = fresh_seed(), np.random.random()
    assert [first, fresh_seed()] == expected
    with seeded(9):
        assert (fresh_seed(), np.random.random()) == inside


def test_missing_extras_are_named() -> None:
    with pytest.raises(MissingExtraError, match=r'Dreaming needs no_such, .* "leftfold\[tasks\]"'):
        require("no_such.module", "tasks", "Dreaming")


def compiled(use_ema: bool = False) -> Any:
    from leftfold.optimizers import Adam

    with seeded(1):
        model = Sequential([Input((3,)), layers.Dense(8), layers.Dense(1, activation="sigmoid")])
    model.compile(
        Adam(0.05, use_ema=use_ema, ema_momentum=0.9), "binary_crossentropy", metrics=["accuracy"]
    )
    return model


@pytest.mark.parametrize("use_ema", [False, True])
def test_the_best_epoch_is_kept(use_ema: bool) -> None:
    model = compiled(use_ema)
    with seeded(1):
        result = train(model, X[:30], Y[:30], (X[30:], Y[30:]), epochs=60, batch_size=5, patience=3)
    losses = result.history["val_loss"]
    assert result.best_epoch == int(np.argmin(losses))
    judged = model.evaluate(X[30:], Y[30:], verbose=0, return_dict=True)
    assert judged["loss"] == pytest.approx(min(losses), rel=1e-5)
    if len(losses) < 60:
        assert result.ended_by == "patience" and len(losses) == result.best_epoch + 4


def test_a_time_limit_ends_it_with_a_judged_epoch() -> None:
    result = train(compiled(), X, Y, (X, Y), epochs=10_000, batch_size=5, time_limit=0.05)
    assert result.ended_by == "time limit"
    assert 0 < len(result.history["val_loss"]) < 10_000


def test_an_interrupt_keeps_the_best_so_far() -> None:
    from leftfold.callbacks import Callback

    class Interrupt(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if len(self.model.history.epoch) == 3:
                raise KeyboardInterrupt

    model = compiled()
    result = train(model, X, Y, (X, Y), epochs=9, batch_size=5, callbacks=[Interrupt()])
    assert result.ended_by == "interrupt"
    assert len(result.history["val_loss"]) == 3
    judged = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert judged["loss"] == pytest.approx(min(result.history["val_loss"]), rel=1e-5)
