"""`@primitive`: the one way in which a computation gets a gradient."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from leftfold.engine.naming import auto_name
from leftfold.engine.recording import active, recording
from leftfold.engine.symbolic import KerasTensor, Node, PrimitiveCall, infer
from leftfold.engine.tape import record
from leftfold.engine.tensor import Tensor, as_array, as_full_array

F = TypeVar("F", bound=Callable[..., Any])

_VARIADIC = 0x04
"""The flag of a code object that has `*args`: `inspect.CO_VARARGS` without that import."""


def primitive(forward: F) -> F:
    """Make a function on arrays into an operation on arrays, tensors and symbolic tensors.

    `forward` computes with NumPy and returns `(output, vjp)`. Its parameters before the `/`
    are tensors (or `*tensors`; a single one annotated `Sequence[...]` is a list of tensors);
    those after it are settings. `vjp` takes the gradient of each output (`None` where nothing
    depends on it, if there are several) and returns the gradient of each tensor, `None` where
    it has none. `vjp` is `None` for what has no gradient at all. A keyword-only parameter
    `needs` receives one flag per tensor, whether its gradient can be asked for; it is empty
    when nothing is recorded, so that expensive forwards know that they need not keep anything.

    Where there are several tensors, Python numbers among them arrive as they are, so that they
    do not decide the type of the result; a single one arrives as an array.

    Example:
        >>> from leftfold.engine import primitive
        >>> @primitive
        ... def double(x, /):
        ...     return 2 * x, lambda dy: 2 * dy
        >>> double(4).item()
        8
    """
    code = forward.__code__
    count = code.co_posonlyargcount
    names = code.co_varnames[:count]
    given = forward.__defaults__ or ()
    optional = code.co_varnames[code.co_argcount - len(given) : code.co_argcount]
    defaults = dict(zip(optional, given, strict=True))
    variadic = bool(code.co_flags & _VARIADIC)
    listed = count == 1 and str(forward.__annotations__.get(names[0], "")).startswith("Sequence")
    unwrap = as_full_array if count == 1 else as_array
    wants_needs = "needs" in code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount]

    @functools.wraps(forward)
    def apply(*args: Any, **kwargs: Any) -> Any:
        tensors, settings = args, ()
        if not variadic and (listed or len(args) != count):
            args = _complete(forward.__name__, args, kwargs, names, defaults)
            tensors, settings = args[0] if listed else args[:count], args[count:]
        operands, tracked = [], False
        for tensor in tensors:
            if isinstance(tensor, Tensor):
                operands.append(tensor.data)
                tracked = tracked or tensor.tracked
            elif isinstance(tensor, KerasTensor):
                return _call_symbolically(apply, args, kwargs)
            else:
                operands.append(unwrap(tensor))
        tracked = tracked and recording()
        if wants_needs:
            kwargs["needs"] = _tracked_flags(tensors) if tracked else ()
        trace, active.trace = active.trace, None  # other primitives inside are a part of this one
        if listed:
            output, vjp = forward(operands, *settings, **kwargs)
        else:
            output, vjp = forward(*operands, *settings, **kwargs)
        tracked = tracked and vjp is not None
        result: Any
        if type(output) is tuple:
            result = outputs = tuple([Tensor(o, tracked and o.dtype.kind == "f") for o in output])
        else:
            result = Tensor(output, tracked)
            outputs = (result,)
        if tracked:
            record(tensors, outputs, vjp)
        if trace is not None:
            active.trace = trace
            trace.note(forward, listed, tensors, operands, settings, kwargs, result, tracked)
        return result

    apply.is_primitive = True  # type: ignore[attr-defined]
    return apply  # type: ignore[return-value]


def shape_rule(function: Callable[..., Any]) -> Callable[[F], F]:
    """Infer the symbolic result of `function` by a rule instead of running it on small zeros.

    The decorated rule takes the arguments of `function` and returns a `KerasTensor`.
    """

    def attach(rule: F) -> F:
        function.shape_rule = rule  # type: ignore[attr-defined]
        return rule

    return attach


def _tracked_flags(tensors: Sequence[Any]) -> tuple[bool, ...]:
    return tuple([isinstance(tensor, Tensor) and tensor.tracked for tensor in tensors])


def _complete(
    function: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    names: Sequence[str],
    defaults: dict[str, Any],
) -> tuple[Any, ...]:
    """`args` with the tensors that were given by keyword, which are taken out of `kwargs`."""
    if len(args) >= len(names):
        return args
    missing = []
    for name in names[len(args) :]:
        if name in kwargs:
            missing.append(kwargs.pop(name))
        elif name in defaults:
            missing.append(defaults[name])
        else:
            raise TypeError(f"{function}() is missing the argument {name}.")
    return (*args, *missing)


def _call_symbolically(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    call = PrimitiveCall(function, auto_name(function.__name__.strip("_")))
    rule = getattr(function, "shape_rule", None)
    outputs = rule(*args, **kwargs) if rule else infer(function, *args, **kwargs)
    Node(call, args, kwargs, outputs)
    return outputs


def unbroadcast(gradient: np.ndarray, like: Any) -> Any:
    """Sum `gradient` over the axes along which an operand shaped as `like` was repeated.

    Returns `None` for an operand that cannot have a gradient (a Python number, integers).
    """
    if type(like) is not np.ndarray or like.dtype.kind != "f":
        return None
    if gradient.dtype != like.dtype:
        gradient = gradient.astype(like.dtype)
    if gradient.shape == like.shape:
        return gradient
    extra = gradient.ndim - like.ndim
    if extra and gradient.shape[extra:] == like.shape:
        return np.add.reduce(gradient.reshape(-1, *like.shape), axis=0)
    stretched = tuple(
        axis + extra
        for axis, size in enumerate(like.shape)
        if size == 1 and gradient.shape[axis + extra] != 1
    )
    total = gradient.sum(axis=tuple(range(extra)) + stretched, keepdims=True)
    return total.reshape(like.shape)
