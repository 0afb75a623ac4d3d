"""Leftfold: recurrent networks on the computer you already have.

The names are Keras's: `from leftfold import layers, Sequential`. Submodules load when they are
first used, so that importing the package costs next to nothing.

Example:
    >>> import leftfold
    >>> model = leftfold.Sequential([leftfold.Input((None, 3)), leftfold.layers.LSTM(4)])
    >>> model.output_shape
    (None, 4)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from leftfold._version import __version__

if TYPE_CHECKING:
    from leftfold import (
        activations,
        backend,
        callbacks,
        config,
        constraints,
        datasets,
        dtype_policies,
        initializers,
        interop,
        layers,
        losses,
        metrics,
        models,
        ops,
        optimizers,
        preprocessing,
        random,
        regularizers,
        saving,
        streaming,
        utils,
    )
    from leftfold.constraints import Constraint
    from leftfold.dtype_policies import DTypePolicy, FloatDTypePolicy
    from leftfold.engine import KerasTensor, RematScope, Variable
    from leftfold.initializers import Initializer
    from leftfold.layers import Input, InputSpec, Layer
    from leftfold.losses import Loss
    from leftfold.metrics import Metric
    from leftfold.models import Model, Sequential
    from leftfold.ops import remat
    from leftfold.optimizers import Optimizer
    from leftfold.regularizers import Regularizer

_HOMES = {
    "Constraint": "constraints",
    "DTypePolicy": "dtype_policies",
    "FloatDTypePolicy": "dtype_policies",
    "Initializer": "initializers",
    "Input": "layers",
    "InputSpec": "layers",
    "KerasTensor": "engine",
    "Layer": "layers",
    "Loss": "losses",
    "Metric": "metrics",
    "Model": "models",
    "Optimizer": "optimizers",
    "Regularizer": "regularizers",
    "RematScope": "engine",
    "Sequential": "models",
    "Variable": "engine",
    "remat": "ops",
}

__all__ = [
    "Constraint",
    "DTypePolicy",
    "FloatDTypePolicy",
    "Initializer",
    "Input",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Optimizer",
    "Regularizer",
    "RematScope",
    "Sequential",
    "Variable",
    "__version__",
    "activations",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "dtype_policies",
    "initializers",
    "interop",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "preprocessing",
    "random",
    "regularizers",
    "remat",
    "saving",
    "streaming",
    "utils",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(f"leftfold.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    if name in __all__:
        return importlib.import_module(f"leftfold.{name}")
    raise AttributeError(f"module 'leftfold' has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext leftfold`: from here on, imports of Keras in the notebook find Leftfold."""
    from leftfold.interop import keras_alias

    keras_alias.install()


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext leftfold`: later imports find what is really installed."""
    from leftfold.interop import keras_alias

    keras_alias.uninstall()


def __dir__() -> list[str]:
    return sorted(__all__)
