"""What `keras.backend` offers beyond computing: settings, names, a fresh session."""

from typing import Any

from leftfold.config import backend, epsilon, floatx, image_data_format, set_epsilon, set_floatx
from leftfold.engine import KerasTensor, naming, workspace


def clear_session(free_memory: bool = True) -> None:
    """Start naming layers from nothing again, and give idle memory back.

    Args:
        free_memory: whether to release the memory kept for the next training step.

    Example:
        >>> from leftfold import backend, layers
        >>> backend.clear_session()
        >>> layers.Dense(1).name
        'dense'
    """
    naming.reset_names()
    if free_memory:
        workspace.clear()


def is_keras_tensor(x: Any) -> bool:
    """Whether `x` stands for a value in a model under construction."""
    return isinstance(x, KerasTensor)


__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_keras_tensor",
    "set_epsilon",
    "set_floatx",
]
