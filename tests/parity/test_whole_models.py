"""Models built and trained by the same lines learn the same in Keras and in Leftfold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.parity import conftest, programs
from tools.peers import Worker

Agree = Callable[..., None]
SGD = ("SGD", {"learning_rate": 0.05})


@pytest.mark.parametrize("name", programs.MODELS)
def test_twenty_steps_of_training(agree: Agree, name: str) -> None:
    agree("train", name, "mse", SGD, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "optimizer",
    [
        ("SGD", {"learning_rate": 0.02, "momentum": 0.9, "nesterov": True}),
        ("RMSprop", {"learning_rate": 0.01}),
        ("Adam", {"learning_rate": 0.01}),
        ("Adam", {"learning_rate": 0.01, "global_clipnorm": 0.1}),
        ("AdamW", {"learning_rate": 0.01}),
        ("Adagrad", {"learning_rate": 0.05}),
        ("Nadam", {"learning_rate": 0.01}),
    ],
    ids=str,
)
def test_training_with_each_optimizer(agree: Agree, optimizer: tuple[str, Any]) -> None:
    agree("train", "lstm", "mse", optimizer, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("loss", ["mae", "huber", "log_cosh", "binary_crossentropy"])
def test_training_with_each_loss(agree: Agree, loss: str) -> None:
    agree("train", "gru", loss, SGD, rtol=1e-4, atol=1e-5)


def test_training_with_sample_weights(agree: Agree) -> None:
    agree("train", "stacked", "mse", SGD, sample_weight=True, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [{}, {"validation_split": 0.3}, {"class_weight": {0: 0.5, 1: 3.0}}],
    ids=["plain", "validation_split", "class_weight"],
)
def test_fit_history_and_evaluation(agree: Agree, options: dict[str, Any]) -> None:
    agree("fit", "two_inputs", rtol=1e-4, atol=1e-5, **options)


@pytest.mark.parametrize("name", programs.MODELS)
class TestFiles:
    """A file written by one is opened by the other, predicts the same and goes on learning."""

    @pytest.fixture
    def keras(self, request: pytest.FixtureRequest, peer: Callable[[str, str], Worker]) -> Worker:
        return peer(request.config.getoption("--keras"), "programs.py")

    def test_keras_to_leftfold(self, keras: Worker, name: str, tmp_path: Path) -> None:
        path = str(tmp_path / "model.keras")
        theirs = keras.call("write", "keras", name, path)
        ours = programs.read("leftfold", path)
        conftest.compare(ours, theirs, 1e-4, 1e-5, name)

    def test_leftfold_to_keras(self, keras: Worker, name: str, tmp_path: Path) -> None:
        path = str(tmp_path / "model.keras")
        ours = programs.write("leftfold", name, path)
        theirs = keras.call("read", "keras", path)
        conftest.compare(ours, theirs, 1e-4, 1e-5, name)

    def test_weights_alone_both_ways(self, keras: Worker, name: str, tmp_path: Path) -> None:
        path = str(tmp_path / "model.weights.h5")
        ours = programs.write_weights("leftfold", name, path)
        theirs = keras.call("read_weights", "keras", name, path)
        conftest.compare(ours, theirs, 1e-4, 1e-5, name)
        theirs = keras.call("write_weights", "keras", name, path)
        ours = programs.read_weights("leftfold", name, path)
        conftest.compare(ours, theirs, 1e-4, 1e-5, name)


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
@pytest.mark.parametrize("weighted", [True, False], ids=["weighted", "plain"])
def test_training_with_a_label_and_a_weight_for_every_step(
    agree: Agree, weighted: bool, loss: str
) -> None:
    agree("tag", weighted, loss, rtol=1e-4, atol=1e-5)
