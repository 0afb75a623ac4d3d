"""TensorFlow's names of arguments, for functions that `leftfold.ops` has under other ones."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def translated(function: Callable[..., Any], **names: str) -> Callable[..., Any]:
    """`function`, called by TensorFlow's names of its arguments, `name` among them.

    Args:
        function: takes its arguments in TensorFlow's order.
        **names: what `function` calls the arguments that have another name in TensorFlow.

    Example:
        >>> from leftfold import ops
        >>> transpose = translated(ops.transpose, a="x", perm="axes")
        >>> transpose(a=[[1], [2]], perm=[1, 0]).tolist()
        [[1, 2]]
    """

    @functools.wraps(function)
    def call(*args: Any, name: str | None = None, **kwargs: Any) -> Any:
        return function(*args, **{names.get(key, key): value for key, value in kwargs.items()})

    return call
