"""A computation that runs alike for every batch: which primitives it calls, noted once.

A model, its layers and its loss find out in Python what to compute. For batches of one shape they
find the same each time, and where the batch is small that takes longer than computing. A `Trace`
notes the primitives while they run, and runs just these again for other batches.

It repeats only what it can account for. Every operand, and every tensor among a primitive's
settings, has to be an input of the computation, a variable, the result of an earlier primitive, or
a plain number; random keys are drawn anew, if each was drawn for one primitive; a `Cache` is handed
over as it is. An array that came from elsewhere (something that NumPy computed), a variable that is
assigned to, a tensor whose values Python looks at: then the trace is not `whole`. Nor is it valid
any longer once `changes.latest_change()` has gone on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from leftfold.engine.cache import Cache
from leftfold.engine.random import Key
from leftfold.engine.recording import active, spoil_trace
from leftfold.engine.tape import Flow, Step, Tape, VectorJacobian, walk_back
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
        outputs: the places of what it gave.
    """

    forward: Callable[..., Any]
    listed: bool
    sources: list[int]
    settings: tuple[Any, ...]
    keywords: dict[str, Any]
    known: dict[str, int]
    draws: bool
    recorded: bool
    outputs: list[int]


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
        self._variables: list[Variable] = []
        self._constants: list[Any] = []
        self._tracked = {place for place, tensor in enumerate(inputs) if tensor.tracked}
        self._results: list[int] = []
        self._flows: list[Flow] = []
        self.drawn: list[Key] = []
        self._around: Trace | None = None
        self._looked_up: tuple[Any, list[int] | None] = (None, None)

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
        outputs = list(map(self._put, result if type(result) is tuple else (result,)))
        call = (forward, listed, sources, settings, keywords, known, bool(keys), recorded, outputs)
        self._calls.append(Call(*call))

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
        self._arrange()
        back = [call for call in reversed(self._calls) if call.recorded]
        for call in back:
            followed = [(i, p) for i, p in enumerate(call.sources) if p in self._tracked]
            self._flows.append((call.outputs, len(call.sources), followed))

    def _arrange(self) -> None:
        """Number the values as a run finds them: given ones, then outputs in their order."""
        rest = list(enumerate(self._values))[self._given :]
        variables = [place for place, value in rest if isinstance(value, Variable)]
        constants = [place for place, value in rest if isinstance(value, _Constant)]
        wrote = [place for call in self._calls for place in call.outputs]
        order = [*range(self._given), *variables, *constants, *wrote]
        anew = {-1: -1, **{place: at for at, place in enumerate(order)}}
        self._variables = [self._values[place] for place in variables]
        self._constants = [self._values[place].data for place in constants]
        self._calls = [
            call._replace(
                sources=[anew[place] for place in call.sources],
                known={name: anew[place] for name, place in call.known.items()},
                outputs=[anew[place] for place in call.outputs],
            )
            for call in self._calls
        ]
        self._tracked = {anew[place] for place in self._tracked}
        self._results = [anew[place] for place in self._results]
        named = [*self._values[: self._given], *self._variables]
        self._places = {id(v): at for at, v in enumerate(named) if isinstance(v, Variable)}
        self._values = []

    def places_of(self, sources: Sequence[Any]) -> list[int] | None:
        """Where the values of variables are found in a run, -1 for those that it does not read.

        A tuple that comes again, such as that of all variables of an optimiser, is looked up once.
        `None` if there are other tensors among the sources.
        """
        known, places = self._looked_up
        if sources is not known:
            places = None
            if all([isinstance(source, Variable) for source in sources]):
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
        values = [tensor.data for tensor in inputs]
        values += [variable.data for variable in self._variables]
        values += self._constants
        vjps = []
        for forward, listed, sources, settings, keywords, known, draws, recorded, _ in self._calls:
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
            if type(output) is tuple:
                values += map(_array, output)
            else:
                values.append(_array(output))
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
        given = [*self._inputs, *trace._variables]
        tensors[: len(given)] = given
        for place, tensor in zip(trace._results, self._results, strict=True):
            tensors[place] = tensor
        noted = [call for call in trace._calls if call.recorded]
        return [
            ([tensors[p] for p in call.sources], tuple([tensors[p] for p in call.outputs]), vjp)
            for call, vjp in zip(noted, self._vjps, strict=True)
        ]

    def gradient(
        self,
        target: Tensor,
        sources: Sequence[Tensor],
        output_gradient: np.ndarray | None = None,
        into: Sequence[np.ndarray] | None = None,
    ) -> list[np.ndarray | None]:
        """As along an ordinary tape; of a result with respect to variables without one."""
        trace = self._trace
        wanted = trace.places_of(sources)
        place = -1
        for at, result in zip(trace._results, self._results, strict=True):
            if result is target:
                place = at
        if "steps" in vars(self) or place < 0 or wanted is None:
            return super().gradient(target, sources, output_gradient, into)
        vjps, count = reversed(self._vjps), len(self._values)
        return walk_back(trace._flows, vjps, count, target, place, wanted, output_gradient, into)


def _array(output: Any) -> np.ndarray:
    return output if type(output) is np.ndarray else np.asarray(output)


def _is_plain(setting: Any) -> bool:
    """Whether a setting has no values of arrays in it, which may differ the next time."""
    if isinstance(setting, list | tuple):
        return all(map(_is_plain, setting))
    if isinstance(setting, slice):
        return _is_plain((setting.start, setting.stop, setting.step))
    return isinstance(setting, _PLAIN)


_PLAIN = (type(None), type(Ellipsis), bool, int, float, str, np.generic, np.dtype, type, Cache)


def _anew(setting: Any) -> Any:
    return setting.generator.next() if type(setting) is Key else setting
