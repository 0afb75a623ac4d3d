"""Figures for classifiers, from labels and probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def accuracy(truth: np.ndarray, predicted: np.ndarray) -> float:
    """The share of rows that are right."""
    return float(np.mean(truth == predicted))


def confusion(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """How often each class `(row)` was taken for each `(column)`, `(classes, classes)`.

    Example:
        >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
        [[1, 1], [0, 1]]
    """
    counts = np.bincount(truth * classes + predicted, minlength=classes * classes)
    table: np.ndarray = counts.reshape(classes, classes)
    return table


def per_class(table: np.ndarray) -> list[tuple[float, float, float]]:
    """Precision, recall and their harmonic mean (F1) of each class of a confusion table."""
    right = np.diag(table).astype(float)
    precision = right / np.maximum(table.sum(0), 1)
    recall = right / np.maximum(table.sum(1), 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return list(zip(precision.tolist(), recall.tolist(), f1.tolist(), strict=True))


def macro_f1(truth: np.ndarray, predicted: np.ndarray, classes: int) -> float:
    """The mean of the classes' F1."""
    return float(np.mean([f1 for _, _, f1 in per_class(confusion(truth, predicted, classes))]))


def balanced_accuracy(truth: np.ndarray, predicted: np.ndarray, classes: int) -> float:
    """The mean of the recalls of the classes that occur."""
    table = confusion(truth, predicted, classes)
    occurs = table.sum(1) > 0
    return float(np.mean(np.diag(table)[occurs] / table.sum(1)[occurs]))


def log_loss(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """The mean of minus the logarithm of the true class's probability, in nats."""
    chosen = probabilities[np.arange(len(truth)), truth]
    return float(-np.mean(np.log(np.maximum(chosen, 1e-12))))


@dataclass(frozen=True)
class Calibration:
    """Whether probabilities mean what they say.

    Attributes:
        confidence: the mean probability of the chosen class, bin by bin.
        accuracy: the share that was right there.
        counts: rows in each bin.
        error: the mean difference, weighted by rows (expected calibration error).
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    counts: np.ndarray
    error: float


def calibration(truth: np.ndarray, probabilities: np.ndarray, bins: int = 10) -> Calibration:
    """Confidence against accuracy, in bins of about equally many rows.

    Source: C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    chosen = probabilities.argmax(1)
    confident = probabilities.max(1)
    parts = np.array_split(np.argsort(confident, kind="stable"), max(1, min(bins, len(truth))))
    confidence = np.array([confident[part].mean() for part in parts])
    right = np.array([np.mean(chosen[part] == truth[part]) for part in parts])
    counts = np.array([len(part) for part in parts])
    error = float(np.sum(counts * np.abs(confidence - right)) / counts.sum())
    return Calibration(confidence, right, counts, error)
