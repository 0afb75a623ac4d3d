"""`compile` and what it makes: a `Stepper`."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from leftfold.engine import KerasTensor
from leftfold.engine.symbolic import leaves
from leftfold.layers import Embedding, InputLayer, Layer
from leftfold.models import Model, Sequential
from leftfold.models.functional import Functional
from leftfold.streaming import rules
from leftfold.streaming.activations import scale
from leftfold.streaming.files import read_sessions, write_sessions
from leftfold.streaming.recording import Recording, Value
from leftfold.streaming.recurrence import NoValue
from leftfold.streaming.sessions import Sessions


def compile(model: Model) -> Stepper:
    """Make a stepper of a model: one step of a sequence in one call, with the states kept.

    The outputs are those of `model.predict` on the whole sequence so far. A layer that answers
    only at the end of a sequence (`return_sequences=False`, pooling over time) answers at every
    step as if it were the last. Dropout and noise do nothing, `BatchNormalization` uses its
    moving averages. The weights are copied: compile again after training.

    Args:
        model: a built `Sequential` or functional model with one input, a sequence of vectors or
            of token ids, and one output.

    Raises:
        TypeError: for what is no such model.
        ValueError: for a layer that cannot be stepped, such as `Bidirectional`; it is named.

    Example:
        >>> import numpy as np
        >>> import leftfold
        >>> from leftfold import layers, streaming
        >>> model = leftfold.Sequential([layers.Input((None, 2)), layers.GRU(4)])
        >>> streaming.compile(model).step(np.ones(2, "float32")).shape
        (4,)
    """
    graph = _graph_of(model)
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise ValueError(
            f"streaming.compile expected a model with one input and one output, got "
            f"{model.name!r} with {len(graph.inputs)} and {len(graph.outputs)}."
        )
    recording, value = _input_of(graph, _dtype_of(graph))
    output = _trace(recording, graph, value)
    if len(output.shape) != 1:
        raise ValueError(
            f"streaming.compile expected {model.name!r} to answer with a vector at each step, got "
            f"shape {output.shape}."
        )
    slot = output.slot
    if slot is recording.input:
        slot = scale(recording, slot)
    return Stepper(recording, slot, value.shape)


def _graph_of(model: Any) -> Functional:
    if isinstance(model, Sequential) and type(model).call is Sequential.call:
        try:
            return model.as_functional()
        except AttributeError as error:
            raise ValueError(
                f"streaming.compile expected a built model, got {model.name!r}, the shape of "
                "whose input is not known: begin it with Input(...), or build it."
            ) from error
    if isinstance(model, Functional) and type(model).call is Functional.call:
        return model
    raise TypeError(
        f"streaming.compile expected a Sequential or functional model, got {type(model).__name__}."
    )


def _dtype_of(graph: Functional) -> np.dtype[Any]:
    layers = [layer for layer in graph.layers if not isinstance(layer, Model | InputLayer)]
    kinds = {layer.variable_dtype for layer in layers}
    dtype = next(iter(kinds), "float32")
    if len(kinds) > 1 or dtype not in ("float32", "float64"):
        raise ValueError(
            f"streaming.compile expected all layers to compute in float32 or all in float64, got "
            f"{', '.join(sorted(map(str, kinds)))}."
        )
    return np.dtype(dtype)


def _input_of(graph: Functional, dtype: np.dtype[Any]) -> tuple[Recording, Value]:
    shape = graph.inputs[0].shape
    if len(shape) == 2 and _reads_ids(graph):
        recording = Recording(0, dtype)
        return recording, Value(recording.input, (), True, ids=True)
    if len(shape) < 3 or None in shape[2:]:
        raise ValueError(
            "streaming.compile expected a model that reads token ids, (batch, timesteps), or "
            f"vectors of a known size, (batch, timesteps, features), got inputs of shape {shape}."
        )
    sizes = tuple(int(n) for n in shape[2:] if n is not None)
    recording = Recording(int(np.prod(sizes)), dtype)
    return recording, Value(recording.input, sizes, True)


def _reads_ids(graph: Functional) -> bool:
    readers = [reader for some in graph.first_layers() for reader in some]
    while readers and isinstance(readers[0], Functional | Sequential):
        readers = [reader for some in readers[0].first_layers() for reader in some]
    return bool(readers) and isinstance(readers[0], Embedding)


def _trace(recording: Recording, graph: Functional, value: Value) -> Value:
    """Write down every call of a graph."""

    def call(step: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        operation = step.operation
        if not isinstance(operation, Layer):
            raise ValueError(
                f"streaming.compile cannot step the operation {operation.name!r}: only layers can "
                "be."
            )
        given = list(leaves((args, kwargs)))
        for leaf in given:
            if isinstance(leaf, NoValue):
                rules.refuse(operation, f"it reads the states of {leaf.layer.name!r}")
        if len(args) != 1 or any(isinstance(leaf, Value | KerasTensor) for leaf in leaves(kwargs)):
            rules.refuse(operation, "it reads more than its input")
        if isinstance(operation, Sequential | Functional):
            if not isinstance(args[0], Value):
                rules.refuse(operation, "it has several inputs")
            return _trace(recording, _graph_of(operation), args[0])
        return rules.apply(recording, operation, args[0])

    (output,) = graph.interpret([value], call)
    if isinstance(output, NoValue):
        rules.refuse(output.layer, "its states are the model's output")
    return output


class Stepper:
    """A compiled model and any number of sequences, sessions, that it steps through.

    `compile` makes it. It begins with one session, number 0, from which `step(x)` goes on.

    Sessions do not influence each other, and a session's outputs do not depend on which others
    are stepped in the same call. Several threads may step one stepper: they take turns.
    """

    def __init__(self, recording: Recording, output: Any, input_shape: tuple[int, ...]) -> None:
        self._program = recording.program(output)
        self._sessions = Sessions(recording.states, recording.state_width, recording.dtype)
        self.dtype = recording.dtype
        """Of outputs and states."""
        self.input_size = recording.input.width
        """Numbers in a step of the input; 0 where it is a token id."""
        self.input_shape = input_shape
        """Of a step: `(features,)` as a rule, `()` where it is a token id."""
        self._flattens = len(input_shape) > 1
        self.output_size = output.width
        """Numbers in a step of the output."""
        self.output_activation = recording.last_activation
        """The name of the activation behind which the output stands, `""` if there is none."""
        self._share()

    def _share(self) -> None:
        self._program.use(self._sessions.states, self._sessions.numbers)

    def step(self, x: Any, sessions: Any = None, out: np.ndarray | None = None) -> np.ndarray:
        """The output after one more step of one session or of several.

        Args:
            x: a step of `input_shape`, (features,) as a rule, or a token id. For several
                sessions (sessions, features), or as many ids.
            sessions: the number of a session; session 0 by default. Or several, each once.
            out: where to put the output, a contiguous array of its shape; then nothing is
                allocated. By default a new array, which is the caller's.

        Returns:
            The output, (outputs,), or (sessions, outputs) for several sessions.

        Raises:
            ValueError: for a shape that does not fit, and for a session that does not exist.
            IndexError: for an id outside the vocabulary.
        """
        if self._flattens:
            x = self._flat(x, sessions)
        if sessions is None:
            return self._program.step(x, 0, out)
        if isinstance(sessions, int | np.integer):
            return self._program.step(x, sessions, out)
        numbers = np.ascontiguousarray(sessions, np.int64)
        rows = np.ascontiguousarray(x, self.dtype) if self.input_size else _whole_numbers(x)
        return self._program.step_many(rows, numbers, out)

    def _flat(self, x: Any, sessions: Any) -> np.ndarray:
        """Steps that are matrices, each as a vector."""
        given = np.asarray(x, self.dtype)
        rows = (
            () if sessions is None or isinstance(sessions, int | np.integer) else (len(sessions),)
        )
        if given.shape != (*rows, *self.input_shape):
            raise ValueError(
                f"step expected x to be an array of shape {(*rows, *self.input_shape)}, got "
                f"shape {given.shape}."
            )
        return given.reshape(*rows, self.input_size)

    @property
    def sessions(self) -> list[int]:
        """The numbers of all sessions, the oldest place first."""
        return self._sessions.all()

    def add(self, count: int | None = None) -> Any:
        """Begin a session, at states of zero; its number, which no later session gets.

        Args:
            count: begin so many at once, and return an array of their numbers.
        """
        if count is not None and count < 0:
            raise ValueError(f"add expected count to be at least 0, got {count}.")
        numbers = self._sessions.add(1 if count is None else count)
        self._share()
        return int(numbers[0]) if count is None else numbers

    def drop(self, session: int) -> None:
        """End a session; its memory goes to the next one that is added."""
        self._sessions.drop(session)

    def reset(self, session: int = 0) -> None:
        """Let a session begin again."""
        self._sessions.row(session)[:] = 0

    @property
    def state_names(self) -> list[str]:
        """The name of each state, as `get_state` gives them: layer, then letter."""
        return [state.name for state in self._sessions.layout]

    def get_state(self, session: int = 0) -> dict[str, np.ndarray]:
        """A copy of everything that a session remembers, by name."""
        return self._sessions.get(session)

    def set_state(self, session: int, state: dict[str, Any]) -> None:
        """Let a session remember what another one remembered.

        Args:
            session: its number.
            state: what `get_state` returned, here or for the same model elsewhere.

        Raises:
            ValueError: for names or shapes other than those.
        """
        self._sessions.set(session, state)

    def copy(self, sources: Any, targets: Any) -> None:
        """Let sessions remember what others remember, all at once.

        Args:
            sources: the numbers of sessions.
            targets: as many others, or the same in another order.

        Raises:
            ValueError: for a session that does not exist, or for unequal numbers of them.
        """
        self._sessions.copy(np.ravel(sources).tolist(), np.ravel(targets).tolist())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all sessions into an `.npz` file of plain arrays."""
        write_sessions(path, self._sessions)

    def load(self, path: str | os.PathLike[str]) -> None:
        """Go on with the sessions of a file that `save` wrote, in the place of those here.

        Raises:
            ValueError: for a file that is damaged, or from a model with other states. Then the
                sessions stay as they are.
        """
        self._sessions.replace(*read_sessions(path, self._sessions))
        self._share()


def _whole_numbers(x: Any) -> np.ndarray:
    given = np.asarray(x)
    if given.size and given.dtype.kind not in "iu":
        raise ValueError(f"step expected x to be token ids, integers, got {given.dtype}.")
    ids = np.ascontiguousarray(given, np.int32)
    if not np.array_equal(ids, given):
        raise IndexError(f"step expected ids of at least 0 and below {2**31}, got {x!r}.")
    return ids
