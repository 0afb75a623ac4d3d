"""Learning rates that change with the number of steps, by Keras's names."""

from __future__ import annotations

from leftfold.engine.registry import Registry
from leftfold.optimizers.schedules.cosine import CosineDecay, CosineDecayRestarts
from leftfold.optimizers.schedules.decay import (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
from leftfold.optimizers.schedules.schedule import LearningRateSchedule

_registry = Registry(
    "learning rate schedule",
    [
        CosineDecay,
        CosineDecayRestarts,
        ExponentialDecay,
        InverseTimeDecay,
        PiecewiseConstantDecay,
        PolynomialDecay,
    ],
)
serialize = _registry.serialize
deserialize = _registry.deserialize

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]
