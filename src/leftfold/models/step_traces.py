"""The steps of a small model, without asking its layers each time what to compute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from leftfold.engine import Tape, Tensor
from leftfold.engine.recording import recording
from leftfold.engine.trace import Trace
from leftfold.layers import tracking

Computation = Callable[..., list[Any]]


class StepTraces:
    """What a model computes for batches of each shape, traced when the second of them comes.

    Traces are forgotten when a setting of any layer changes. Models that are not wholly made of
    Leftfold's steady layers, functions and losses are asked for each batch, since what other code
    does may differ from time to time.
    """

    MOST_SHAPES = 32

    def __init__(self) -> None:
        self._changes: Any = None
        self._traces: dict[Any, Trace] = {}
        self._batches: Counter[Any] = Counter()

    def __reduce__(self) -> Any:
        return StepTraces, ()  # a copy of a model traces anew

    def run(
        self, model: Any, compute: Computation, inputs: tuple[Tensor, ...]
    ) -> tuple[Tape, list[Any]]:
        """What `compute`, a method of the model, gives for a batch, and the tape under it."""
        changes = tracking.changes()
        if changes != self._changes:
            self._traces.clear()
            self._batches.clear()
            self._changes = changes
        key = (compute.__name__, *[(x.data.shape, x.data.dtype) for x in inputs])
        trace = self._traces.get(key)
        if trace is not None and trace.current:
            return trace.run(inputs)
        self._batches[key] += 1
        full = len(self._traces) >= self.MOST_SHAPES
        if self._batches[key] != 2 or full or not _is_steady(model):
            return run_anew(compute, inputs)
        with Trace(inputs) as trace:
            tape, results = run_anew(compute, inputs)
        trace.end(results)
        if trace.whole:
            self._traces[key] = trace
        return tape, results


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
    return all([layer.steady for layer in layers]) and all(map(_is_ours, (*layers, *losses)))


def _is_ours(owner: Any) -> bool:
    """Whether the class of a layer or loss, and each function among its settings, is Leftfold's."""
    settings = [value for value in vars(owner).values() if callable(value)]
    return all(map(_from_leftfold, (type(owner), *settings)))


def _from_leftfold(function: Any) -> bool:
    module = getattr(function, "__module__", None) or type(function).__module__
    return str(module).partition(".")[0] == "leftfold"
