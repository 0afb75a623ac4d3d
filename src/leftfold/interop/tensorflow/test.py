"""`tf.test`: there are no graphics cards."""

from __future__ import annotations

from typing import Any

__all__ = ["gpu_device_name", "is_built_with_cuda", "is_built_with_gpu_support", "is_gpu_available"]


def is_gpu_available(cuda_only: Any = False, min_cuda_compute_capability: Any = None) -> bool:
    """False."""
    return False


def is_built_with_cuda() -> bool:
    """False."""
    return False


is_built_with_gpu_support = is_built_with_cuda


def gpu_device_name() -> str:
    """An empty text."""
    return ""
