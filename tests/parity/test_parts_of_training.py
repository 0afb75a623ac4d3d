"""Losses, metrics, optimisers, schedules and activations say what Keras's say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.parity.programs import numbers

Agree = Callable[..., None]


def probabilities(seed: int, *shape: int) -> np.ndarray:
    exponentials = np.exp(numbers(seed, *shape))
    return exponentials / exponentials.sum(-1, keepdims=True)


BINARY = (numbers(1, 6, 4) > 0).astype("float32")
ONE_HOT = np.eye(5, dtype="float32")[[0, 3, 1, 4, 4, 2]]
CLASSES = np.array([0, 3, 1, 4, 4, 2], "int32")
SOFT = probabilities(2, 6, 5)
UNIT = SOFT / np.linalg.norm(SOFT, axis=-1, keepdims=True)
POSITIVE = np.abs(numbers(3, 6, 4)) + 0.1

LOSSES: list[tuple[str, dict[str, Any], np.ndarray, np.ndarray]] = [
    ("BinaryCrossentropy", {}, BINARY, 1 / (1 + np.exp(-numbers(4, 6, 4)))),
    ("BinaryCrossentropy", {"from_logits": True}, BINARY, 3 * numbers(4, 6, 4)),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, BINARY, BINARY * 2 - 1),
    ("CategoricalCrossentropy", {}, ONE_HOT, SOFT),
    ("CategoricalCrossentropy", {"from_logits": True}, ONE_HOT, 3 * numbers(5, 6, 5)),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, ONE_HOT, SOFT),
    ("SparseCategoricalCrossentropy", {}, CLASSES, SOFT),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, CLASSES, 3 * numbers(5, 6, 5)),
    ("MeanSquaredError", {}, numbers(6, 6, 4), numbers(7, 6, 4)),
    ("MeanAbsoluteError", {}, numbers(6, 6, 4), numbers(7, 6, 4)),
    ("Huber", {"delta": 0.7}, numbers(6, 6, 4), numbers(7, 6, 4)),
    ("LogCosh", {}, 30 * numbers(6, 6, 4), numbers(7, 6, 4)),
    ("Poisson", {}, POSITIVE, POSITIVE[::-1].copy()),
    ("KLDivergence", {}, SOFT, SOFT[::-1].copy()),
    ("Dice", {"axis": (1,)}, BINARY, 1 / (1 + np.exp(-numbers(4, 6, 4)))),
    ("Tversky", {"alpha": 0.2, "beta": 0.9, "axis": (1,)}, BINARY, SOFT[:, :4].copy()),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.6}, CLASSES, SOFT),
    ("Circle", {"gamma": 8.0}, CLASSES, UNIT),
]


def label(case: Any) -> str | None:
    return case if isinstance(case, str) else None


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "none"])
@pytest.mark.parametrize(("name", "config", "y_true", "y_pred"), LOSSES, ids=label)
def test_losses(
    agree: Agree,
    name: str,
    config: dict[str, Any],
    y_true: np.ndarray,
    y_pred: np.ndarray,
    reduction: str,
) -> None:
    config = {**config, "reduction": None if reduction == "none" else reduction}
    agree("loss", name, config, y_true, y_pred)
    weights = np.linspace(0, 2, 6).astype("float32")
    agree("loss", name, config, y_true, y_pred, sample_weight=weights)


OF_SAMPLES = [case for case in LOSSES if case[0] != "Circle"]  # which compares rows of a matrix


@pytest.mark.parametrize(("name", "config", "y_true", "y_pred"), OF_SAMPLES, ids=label)
def test_gradients_of_losses(
    agree: Agree, name: str, config: dict[str, Any], y_true: np.ndarray, y_pred: np.ndarray
) -> None:
    agree("loss_step", name, config, y_true, y_pred, rtol=1e-4)


SCORES = 1 / (1 + np.exp(-numbers(8, 3, 12)))
TRUTHS = (numbers(9, 3, 12) > 0).astype("float32")
BINARY_BATCHES = list(zip(TRUTHS, SCORES, strict=True))
MATRIX_BATCHES = [(numbers(i, 5, 4), numbers(i + 10, 5, 4)) for i in range(3)]
ONE_HOT_BATCHES = [
    (ONE_HOT[i : i + 4], probabilities(20 + i, 4, 5), np.array([1, 0.5, 2, 0], "float32"))
    for i in range(3)
]
CLASS_BATCHES = [(CLASSES[i : i + 4], probabilities(20 + i, 4, 5)) for i in range(3)]

METRICS: list[tuple[str, dict[str, Any], list[Any]]] = [
    ("BinaryAccuracy", {}, BINARY_BATCHES),
    ("BinaryAccuracy", {"threshold": 0.3}, BINARY_BATCHES),
    ("Accuracy", {}, [(CLASSES, CLASSES[::-1].copy())] * 2),
    ("CategoricalAccuracy", {}, ONE_HOT_BATCHES),
    ("SparseCategoricalAccuracy", {}, CLASS_BATCHES),
    ("TopKCategoricalAccuracy", {"k": 2}, ONE_HOT_BATCHES),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, CLASS_BATCHES),
    ("Precision", {}, BINARY_BATCHES),
    ("Precision", {"thresholds": [0.2, 0.8]}, BINARY_BATCHES),
    ("Recall", {}, BINARY_BATCHES),
    ("Recall", {"thresholds": 0.3}, BINARY_BATCHES),
    ("AUC", {}, BINARY_BATCHES),
    ("AUC", {"curve": "PR", "num_thresholds": 50}, BINARY_BATCHES),
    ("MeanSquaredError", {}, MATRIX_BATCHES),
    ("RootMeanSquaredError", {}, MATRIX_BATCHES),
    ("MeanAbsoluteError", {}, MATRIX_BATCHES),
    ("MeanAbsolutePercentageError", {}, MATRIX_BATCHES),
    ("CosineSimilarity", {}, MATRIX_BATCHES),
    ("Mean", {}, [(numbers(i, 4), np.array([1, 0, 2, 1], "float32")) for i in range(2)]),
    ("BinaryCrossentropy", {}, BINARY_BATCHES),
    ("CategoricalCrossentropy", {}, ONE_HOT_BATCHES),
    ("PearsonCorrelation", {}, MATRIX_BATCHES),
    ("ConcordanceCorrelation", {"axis": 0}, MATRIX_BATCHES),
    ("SensitivityAtSpecificity", {"specificity": 0.7}, BINARY_BATCHES),
    ("SpecificityAtSensitivity", {"sensitivity": 0.7}, BINARY_BATCHES),
    ("PrecisionAtRecall", {"recall": 0.6}, BINARY_BATCHES),
    ("RecallAtPrecision", {"precision": 0.6}, BINARY_BATCHES),
    ("BinaryIoU", {}, BINARY_BATCHES),
    ("MeanIoU", {"num_classes": 5, "sparse_y_pred": False}, CLASS_BATCHES),
    ("OneHotMeanIoU", {"num_classes": 5}, [batch[:2] for batch in ONE_HOT_BATCHES]),
]


@pytest.mark.parametrize(("name", "config", "batches"), METRICS, ids=label)
def test_metrics(agree: Agree, name: str, config: dict[str, Any], batches: list[Any]) -> None:
    agree("metric", name, config, batches)


OPTIMIZERS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"learning_rate": 0.1}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"learning_rate": 0.1, "weight_decay": 0.05}),
    ("RMSprop", {}),
    ("RMSprop", {"learning_rate": 0.01, "momentum": 0.5, "centered": True, "rho": 0.8}),
    ("Adam", {}),
    ("Adam", {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-4}),
    ("Adam", {"clipnorm": 1.5}),
    ("Adam", {"clipvalue": 0.5}),
    ("Adam", {"global_clipnorm": 2.0}),
    ("AdamW", {"learning_rate": 0.01, "weight_decay": 0.1}),
    ("Adagrad", {"learning_rate": 0.1}),
    ("Nadam", {"learning_rate": 0.01}),
    ("Adadelta", {"learning_rate": 1.0}),
    ("Adamax", {"learning_rate": 0.01}),
    ("Ftrl", {"learning_rate": 0.1}),
    ("Ftrl", {"learning_rate": 0.1, "l1_regularization_strength": 0.05, "beta": 0.1}),
    ("Lion", {"learning_rate": 0.003}),
    ("Lamb", {"learning_rate": 0.01}),
    ("Adafactor", {"learning_rate": 0.05}),
    ("Adafactor", {"learning_rate": 0.05, "weight_decay": 0.01, "global_clipnorm": 1.0}),
    ("Muon", {"learning_rate": 0.01}),
    ("Muon", {"learning_rate": 0.01, "exclude_layers": ["recurrent"], "use_ema": True}),
    ("ScheduleFreeAdamW", {"learning_rate": 0.01, "warmup_steps": 3}),
]


@pytest.mark.parametrize(("name", "config"), OPTIMIZERS, ids=str)
def test_optimizers(agree: Agree, name: str, config: dict[str, Any]) -> None:
    agree("optimise", name, config, rtol=2e-5)


SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}),
    (
        "ExponentialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5, "staircase": True},
    ),
    ("PiecewiseConstantDecay", {"boundaries": [5, 50], "values": [0.1, 0.05, 0.01]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 100, "power": 2.0}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 100, "alpha": 0.1}),
]


@pytest.mark.parametrize(("name", "config"), SCHEDULES, ids=str)
def test_schedules(agree: Agree, name: str, config: dict[str, Any]) -> None:
    agree("schedule", name, config)


def test_an_optimizer_follows_a_schedule(agree: Agree) -> None:
    agree("optimise", "Adam", {}, schedule=SCHEDULES[0], rtol=2e-5, atol=5e-6)


ACTIVATIONS = (
    "linear tanh sigmoid relu hard_sigmoid softplus softsign elu selu exponential relu6 softmax "
    "gelu silu leaky_relu log_softmax mish"
)


@pytest.mark.parametrize("name", ACTIVATIONS.split())
def test_activations(agree: Agree, name: str) -> None:
    agree("activation", name, 4 * numbers(3, 5, 7))
