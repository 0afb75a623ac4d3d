"""A computation that runs alike for every batch: which primitives it calls, noted once.

A model, its layers and its loss find out in Python what to compute. For batches of one shape they
find the same each time, and where the batch is small that takes longer than computing. A `Trace`
notes the primitives while they run, and runs just these again for other batches.

It repeats only what it can account for. Every operand, and every tensor among a primitive's
settings, has to be an input of the computation, a variable, the result of an earlier primitive, or
a plain number; random keys are drawn anew, if each was drawn for one primitive. An array that came
from elsewhere (something that NumPy computed), a variable that is assigned to, a tensor whose
values Python looks at: then the trace is not `whole`. Nor is it valid any longer once
`changes.latest_change()` has gone on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from leftfold.engine.random import Key
from leftfold.engine.recording import active, spoil_trace
from leftfold.engine.tape import Step, Tape, VectorJacobian, walk_back
from leftfold.engine.tensor import Tensor
from leftfold.engine.variable import Variable


class _Constant(NamedTuple):
    """A number, or `None`, where a tensor could stand."""

    data: Any


class Call(NamedTuple):
    """One primitive that ran.

    Attributes:
        forward: what it computes.
        listed: whether it takes its operands as one list.
        sources: the places of its operands among the trace's values.
        settings: its other arguments by position.
        keywords: those by name.
        known: the places of tensors among them, by name.
        draws: whether there are random keys among them.
        recorded: whether gradients flow back through it.
        first: the place of its first output; the others follow.
        outputs: how many there are; -1 if the output is one array, not a tuple.
    """

    forward: Callable[..., Any]
    listed: bool
    sources: list[int]
    settings: tuple[Any, ...]
    keywords: dict[str, Any]
    known: dict[str, int]
    draws: bool
    recorded: bool
    first: int
    outputs: int


class Trace:
    """Notes what runs inside a `with` block, and runs it again.

    Args:
        inputs: the tensors that will have other values the next time, of the same shapes and
            types.

    Attributes:
        whole: whether everything that ran can be repeated.
        drawn: the random keys that no primitive has used yet, in order.

    Example:
        >>> from leftfold import ops
        >>> from leftfold.engine import Tensor
        >>> x = Tensor([1.0, 2.0])
        >>> with Trace([x]) as trace:
        ...     y = ops.exp(x) * 2
        >>> trace.end([y])
        >>> _, (again,) = trace.run([Tensor([0.0, 1.0])])
        >>> again.numpy().round(2)
        array([2.  , 5.44])
    """

    def __init__(self, inputs: Sequence[Tensor]) -> None:
        self._calls: list[Call] = []
        self._given = len(inputs)
        self._values: list[Any] = list(inputs)
        self._places = {id(tensor): place for place, tensor in enumerate(inputs)}
        self.whole = len(self._places) == len(inputs)
        self._variables: list[tuple[int, Variable]] = []
        self._tracked = {place for place, tensor in enumerate(inputs) if tensor.tracked}
        self._results: list[int] = []
        self._steps: list[tuple[list[int | None], tuple[int, ...]]] = []
        self.drawn: list[Key] = []
        self._around: Trace | None = None
        self._looked_up: tuple[tuple[Any, ...] | None, list[int]] = (None, [])

    def __enter__(self) -> Trace:
        spoil_trace()  # the one around misses what this one notes
        self._around, active.trace = active.trace, self
        return self

    def __exit__(self, *error: object) -> None:
        active.trace = self._around

    def note(
        self,
        forward: Callable[..., Any],
        listed: bool,
        tensors: Sequence[Any],
        operands: Sequence[Any],
        settings: tuple[Any, ...],
        keywords: dict[str, Any],
        result: Any,
        recorded: bool,
    ) -> None:
        """Take down a primitive that has just run, what it gave, and whether a tape noted it."""
        sources = list(map(self._place, tensors, operands))
        known = {
            name: self._place(value, value.data)
            for name, value in keywords.items()
            if isinstance(value, Tensor)
        }
        given = (*settings, *[v for name, v in keywords.items() if name not in known])
        keys = [setting for setting in given if type(setting) is Key]
        just_drawn = all([bool(self.drawn) and self.drawn.pop(0) is key for key in keys])
        self.whole = self.whole and just_drawn and all(map(_is_plain, given))
        alone = type(result) is not tuple
        outputs = (result,) if alone else result
        first = len(self._values)
        for output in outputs:
            self._put(output)
        call = (
            forward,
            listed,
            sources,
            settings,
            keywords,
            known,
            bool(keys),
            recorded,
            first,
            -1 if alone else len(outputs),
        )
        self._calls.append(Call(*call))
        if recorded:
            back = [place if place in self._tracked else None for place in sources]
            self._steps.append((back, tuple(range(first, first + len(outputs)))))

    def _put(self, value: Any) -> int:
        place = len(self._values)
        self._places[id(value)] = place
        self._values.append(value)
        if isinstance(value, Tensor) and value.tracked:
            self._tracked.add(place)
        return place

    def _place(self, tensor: Any, operand: Any) -> int:
        """Where an operand's values are found in a run."""
        place = self._places.get(id(tensor))
        if place is None:
            if isinstance(tensor, Variable):
                return self._put(tensor)
            if isinstance(tensor, Tensor) or isinstance(operand, np.ndarray):
                self.whole = False
            return self._put(_Constant(operand))
        return place

    def end(self, results: Sequence[Any]) -> None:
        """Say what the computation was for: tensors that primitives in it gave."""
        self.whole = self.whole and not self.drawn
        for result in results:
            place = self._places.get(id(result), -1)
            self.whole = self.whole and place >= 0 and getattr(result, "_keras_mask", 0) is None
            self._results.append(place)
        self._variables = [(p, v) for p, v in enumerate(self._values) if isinstance(v, Variable)]
        self._places = {id(variable): place for place, variable in self._variables}
        self._values = [v.data if isinstance(v, _Constant) else None for v in self._values]

    def places_of(self, sources: Sequence[Any]) -> list[int]:
        """Where the values of variables are found in a run; -1 for what is none of its variables.

        A tuple that comes again, such as that of all variables of an optimiser, is looked up once.
        """
        known, places = self._looked_up
        if sources is not known:
            places = [self._places.get(id(source), -1) for source in sources]
            if type(sources) is tuple:
                self._looked_up = sources, places
        return places

    def run(self, inputs: Sequence[Tensor]) -> tuple[Tape, list[Tensor]]:
        """Compute again.

        Args:
            inputs: tensors with the new values.

        Returns:
            A tape along which gradients flow back, and the results.
        """
        values = self._values.copy()
        for place, variable in self._variables:
            values[place] = variable.data
        values[: self._given] = [tensor.data for tensor in inputs]
        vjps = []
        for call in self._calls:
            forward, listed, sources, settings, keywords, known, draws = call[:7]
            recorded, first, outputs = call[7:]
            operands = [values[source] for source in sources]
            if draws:
                settings = tuple([_anew(setting) for setting in settings])
                keywords = {name: _anew(setting) for name, setting in keywords.items()}
            if known:
                tensors = {name: Tensor(values[place]) for name, place in known.items()}
                keywords = {**keywords, **tensors}
            if listed:
                output, vjp = forward(operands, *settings, **keywords)
            else:
                output, vjp = forward(*operands, *settings, **keywords)
            if outputs >= 0:
                values[first : first + outputs] = map(_array, output)
            else:
                values[first] = _array(output)
            if recorded:
                vjps.append(vjp)
        results = [Tensor(values[place], place in self._tracked) for place in self._results]
        return _Replay(self, values, vjps, inputs, results), results


class _Replay(Tape):
    """What a run of a trace noted: the trace's steps with arrays of its own."""

    def __init__(
        self,
        trace: Trace,
        values: list[Any],
        vjps: list[VectorJacobian],
        inputs: Sequence[Tensor],
        results: list[Tensor],
    ) -> None:
        self._trace = trace
        self._values = values
        self._vjps = vjps
        self._inputs = inputs
        self._results = results

    @cached_property
    def steps(self) -> list[Step]:  # type: ignore[override]
        """The same as steps of an ordinary tape, for whatever goes on from here."""
        trace = self._trace
        tensors: list[Any] = [Tensor(v, p in trace._tracked) for p, v in enumerate(self._values)]
        for place, variable in trace._variables:
            tensors[place] = variable
        for place, tensor in (
            *enumerate(self._inputs),
            *zip(trace._results, self._results, strict=True),
        ):
            tensors[place] = tensor
        noted = [call for call in trace._calls if call.recorded]
        return [
            ([tensors[p] for p in call.sources], tuple([tensors[p] for p in wrote]), vjp)
            for call, (_, wrote), vjp in zip(noted, trace._steps, self._vjps, strict=True)
        ]

    def gradient(
        self,
        target: Tensor,
        sources: Sequence[Tensor],
        output_gradient: np.ndarray | None = None,
        into: Sequence[np.ndarray] | None = None,
    ) -> list[np.ndarray | None]:
        """As along an ordinary tape; of a result with respect to variables it read without one."""
        trace = self._trace
        keys = trace.places_of(sources)
        place = -1
        for at, result in zip(trace._results, self._results, strict=True):
            if result is target:
                place = at
        if "steps" in vars(self) or place < 0 or -1 in keys:
            return super().gradient(target, sources, output_gradient, into)
        steps = zip(reversed(trace._steps), reversed(self._vjps), strict=True)
        return walk_back(steps, target, place, keys, output_gradient, into)


def _array(output: Any) -> np.ndarray:
    return output if type(output) is np.ndarray else np.asarray(output)


def _is_plain(setting: Any) -> bool:
    """Whether a setting has no values of arrays in it, which may differ the next time."""
    if isinstance(setting, list | tuple):
        return all(map(_is_plain, setting))
    if isinstance(setting, slice):
        return _is_plain((setting.start, setting.stop, setting.step))
    return isinstance(setting, _PLAIN)


_PLAIN = (type(None), type(Ellipsis), bool, int, float, str, np.generic, np.dtype, type)


def _anew(setting: Any) -> Any:
    return setting.generator.next() if type(setting) is Key else setting
