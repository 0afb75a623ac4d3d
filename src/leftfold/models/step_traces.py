"""The steps of a small model, without asking its layers each time what to compute."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from leftfold.engine import Tape, Tensor
from leftfold.engine.changes import latest_change
from leftfold.engine.recording import active, recording
from leftfold.engine.trace import Trace
from leftfold.layers.losses import with_losses

Computation = Callable[..., list[Any]]


class StepTraces:
    """What a model computes for batches of each shape, traced when the second of them comes.

    Traces are forgotten when a setting changes: of a layer, a loss, a regulariser, a variable or
    the session. Models that are not wholly made of Leftfold's steady layers, functions and losses
    are asked for each batch, since what other code does may differ from time to time.
    """

    MOST_TRACES = 32
    MOST_SHAPES = 1024

    def __init__(self) -> None:
        self._change = -1
        self._traces: dict[Any, Trace] = {}
        self._batches: dict[Any, int] = {}

    def __reduce__(self) -> Any:
        return StepTraces, ()  # a copy of a model traces anew

    def run(
        self, model: Any, compute: Computation, inputs: tuple[Tensor, ...]
    ) -> tuple[Tape, list[Any]]:
        """What `compute`, a method of the model, gives for a batch, and the tape under it."""
        change = latest_change()
        if change != self._change:
            self._traces.clear()
            self._batches.clear()
            self._change = change
        # The change is in the key since other threads may be between these lines, too.
        shapes = [(x.data.shape, x.data.dtype) for x in inputs]
        key = (compute.__name__, change, active.paused > 0, *shapes)
        trace = self._traces.get(key)
        if trace is not None:
            if with_losses:
                model._forget_losses()  # as the call of a model does
            try:
                return trace.run(inputs)
            except ValueError:
                pass  # a batch that layers treat in another way, or refuse
            return run_anew(compute, inputs)
        if not self._is_second(key) or not _is_steady(model):
            return run_anew(compute, inputs)
        with Trace(inputs) as trace:
            tape, results = run_anew(compute, inputs)
        trace.end(results)
        if trace.whole:
            self._traces[key] = trace
        return tape, results

    def _is_second(self, key: Any) -> bool:
        """Whether there was one batch of that kind, and there is room for a trace."""
        if len(self._traces) >= self.MOST_TRACES:
            return False
        if len(self._batches) >= self.MOST_SHAPES:
            self._batches.clear()
        self._batches[key] = count = self._batches.get(key, 0) + 1
        return count == 2


def run_anew(compute: Computation, inputs: tuple[Any, ...]) -> tuple[Tape, list[Any]]:
    """What a computation gives, and the tape under it."""
    with Tape() as tape:
        results = compute(*inputs)
    return tape, results


def can_be_traced(inputs: tuple[Any, ...]) -> bool:
    """Whether these are plain tensors, without masks and gradients, and nothing else records."""
    plain = [type(x) is Tensor and not x.tracked and x._keras_mask is None for x in inputs]
    return all(plain) and not recording()


def _is_steady(model: Any) -> bool:
    """Whether a model runs nothing but code of Leftfold that does the same for every batch."""
    compiled = model._compile_loss
    losses = [] if compiled is None else [entry.loss for entry in compiled.losses]
    layers = model._flatten_layers()
    penalties = [v.regularizer for v in model.weights if v.regularizer is not None]
    if not all([layer.steady for layer in layers]):
        return False
    return all(map(_is_ours, (*layers, *losses, *penalties)))


def _is_ours(owner: Any) -> bool:
    """Whether the class of an object, and each function among its settings, is Leftfold's."""
    cls = type(owner)
    called = [getattr(cls, name) for name in ("__call__", "call") if hasattr(cls, name)]
    settings = [value for value in vars(owner).values() if callable(value)]
    return all(map(_from_leftfold, (cls, *called, *settings)))


def _from_leftfold(value: Any) -> bool:
    """Whether a class, a function or an object that can be called is defined in Leftfold.

    A function has to be by both of its modules: that of a wrapper is still that of what it wraps
    in name.
    """
    modules: list[Any]
    if isinstance(value, type):
        modules = [value.__module__]
    elif isinstance(value, FunctionType):
        modules = [value.__module__, value.__globals__.get("__name__")]
    else:
        modules = [type(value).__module__]
    return all([str(module).partition(".")[0] == "leftfold" for module in modules])
