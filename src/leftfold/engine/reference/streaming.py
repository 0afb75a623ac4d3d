"""One step of a compiled model, operation by operation.

A program is a list of operations over slots: vectors of known width, of which every session in a
step has its own. Slot 0 is the input, the last slot the output. What a session has to remember
stands in its row of an array of states.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from leftfold.engine.reference.activations import activation_by_name
from leftfold.engine.reference.gru import gru_forward
from leftfold.engine.reference.lstm import lstm_forward
from leftfold.engine.reference.simple_rnn import simple_rnn_forward
from leftfold.engine.reference.softmax import softmax

_PLACES = 0xFFFFFFFF

Slots = list[Any]
Operation = Callable[[Slots, np.ndarray], Any]


class StreamProgram:
    """What the native class of this name means.

    Args:
        widths: of each slot; 0 for an input that is token ids.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        self._widths = list(widths)
        self._operations: list[Operation] = []
        self._vocabulary = 0
        self._states: np.ndarray = np.zeros((0, 0))
        self._sessions: np.ndarray = np.zeros(0, np.int64)

    def _does(self, to: int, function: Operation) -> None:
        def operation(slots: Slots, states: np.ndarray) -> None:
            slots[to] = function(slots, states)

        self._operations.append(operation)

    def embedding(self, to: int, table: np.ndarray) -> None:
        """The row of the table that the id names."""
        self._vocabulary = min(self._vocabulary or len(table), len(table))
        self._does(to, lambda slots, _: table[slots[0]])

    def id_mask(self, to: int) -> None:
        """1 where the id is not zero."""
        self._does(to, lambda slots, _: (slots[0] != 0)[:, None])

    def masking(self, source: int, to: int, mask: int, value: float) -> None:
        """A mask, 1 where a number differs from `value`; the input there, else 0."""
        self._does(mask, lambda slots, _: (slots[source] != value).any(axis=1, keepdims=True))
        self._does(to, lambda slots, _: np.where(slots[mask], slots[source], 0))

    def dense(
        self, source: int, to: int, kernel: np.ndarray, bias: np.ndarray | None, activation: str
    ) -> None:
        """`activation(x @ kernel + bias)`."""
        phi = activation_by_name(activation).function
        b = 0 if bias is None else bias
        self._does(to, lambda slots, _: phi(slots[source] @ kernel + b))

    def activate(self, source: int, to: int, activation: str) -> None:
        """An activation of the recurrent kernels, `softmax`, `log_softmax` or `gelu`."""
        functions = {"softmax": softmax, "log_softmax": _log_softmax, "gelu": _gelu}
        phi = functions.get(activation) or activation_by_name(activation).function
        self._does(to, lambda slots, _: phi(slots[source]))

    def scale(
        self, source: int, to: int, factors: np.ndarray | None, offsets: np.ndarray | None
    ) -> None:
        """`x * factors + offsets`."""
        f, o = 1 if factors is None else factors, 0 if offsets is None else offsets
        self._does(to, lambda slots, _: slots[source] * f + o)

    def normalize(
        self,
        source: int,
        to: int,
        factors: np.ndarray | None,
        offsets: np.ndarray | None,
        epsilon: float,
    ) -> None:
        """Mean 0 and variance 1, times factors, plus offsets."""
        f, o = 1 if factors is None else factors, 0 if offsets is None else offsets

        def run(slots: Slots, states: np.ndarray) -> np.ndarray:
            x = slots[source]
            distance = x - x.mean(axis=1, keepdims=True)
            variance = (distance * distance).mean(axis=1, keepdims=True)
            return distance / np.sqrt(variance + epsilon) * f + o

        self._does(to, run)

    def combine(self, how: str, sources: Sequence[int], to: int) -> None:
        """Several slots, combined element by element or one behind the other."""
        if how == "concatenate":
            self._does(to, lambda slots, _: np.concatenate([slots[s] for s in sources], axis=1))
            return
        ufunc = getattr(np, how)
        self._does(to, lambda slots, _: functools.reduce(ufunc, [slots[s] for s in sources]))

    def running(self, how: str, source: int, to: int, mask: int, state_at: int) -> None:
        """The mean, or the maximum, of all steps so far whose mask is not 0."""

        def run(slots: Slots, states: np.ndarray) -> np.ndarray:
            x = slots[source]
            count = states[:, state_at : state_at + 1]
            values = states[:, state_at + 1 : state_at + 1 + x.shape[1]]
            live = np.ones_like(count, bool) if mask < 0 else slots[mask].astype(bool)
            count += live
            if how == "mean":
                values += np.where(live, (x - values) / np.maximum(count, 1), 0)
            else:
                values[:] = np.where(live & ((count == 1) | (x > values)), x, values)
            return values.copy()

        self._does(to, run)

    def simple_rnn(
        self,
        source: int,
        to: int,
        mask: int,
        state_at: int,
        zero_output_for_mask: bool,
        kernel: np.ndarray,
        recurrent_kernel: np.ndarray,
        bias: np.ndarray | None,
        activation: str,
    ) -> None:
        """A step of a simple recurrent network."""
        step = functools.partial(simple_rnn_forward, **_for_one_step(activation=activation))
        weights = kernel, recurrent_kernel, bias
        self._recur(step, 1, source, to, mask, state_at, zero_output_for_mask, weights)

    def lstm(
        self,
        source: int,
        to: int,
        mask: int,
        state_at: int,
        zero_output_for_mask: bool,
        kernel: np.ndarray,
        recurrent_kernel: np.ndarray,
        bias: np.ndarray | None,
        activation: str,
        recurrent_activation: str,
    ) -> None:
        """A step of a long short-term memory; its states are h, then c."""
        names = {"activation": activation, "recurrent_activation": recurrent_activation}
        step = functools.partial(lstm_forward, **_for_one_step(**names))
        weights = kernel, recurrent_kernel, bias
        self._recur(step, 2, source, to, mask, state_at, zero_output_for_mask, weights)

    def gru(
        self,
        source: int,
        to: int,
        mask: int,
        state_at: int,
        zero_output_for_mask: bool,
        kernel: np.ndarray,
        recurrent_kernel: np.ndarray,
        bias: np.ndarray | None,
        activation: str,
        recurrent_activation: str,
        reset_after: bool,
    ) -> None:
        """A step of a gated recurrent unit."""
        names = {"activation": activation, "recurrent_activation": recurrent_activation}
        settings = _for_one_step(**names, reset_after=reset_after)
        step = functools.partial(gru_forward, **settings)
        weights = kernel, recurrent_kernel, bias
        self._recur(step, 1, source, to, mask, state_at, zero_output_for_mask, weights)

    def _recur(
        self,
        step: Callable[..., Any],
        count: int,
        source: int,
        to: int,
        mask: int,
        state_at: int,
        zero_output_for_mask: bool,
        weights: tuple[Any, ...],
    ) -> None:
        units = len(weights[1])

        def run(slots: Slots, states: np.ndarray) -> np.ndarray:
            columns = states[:, state_at : state_at + count * units]
            before = np.split(columns, count, axis=1)
            live = None if mask < 0 else slots[mask].astype(bool)
            output, *after = step(
                slots[source][:, None],
                *weights,
                *before,
                live,
                zero_output_for_mask=zero_output_for_mask,
            )
            columns[:] = np.concatenate(after[:count], axis=1)
            return output[:, 0]

        self._does(to, run)

    def use(self, states: np.ndarray, sessions: np.ndarray) -> None:
        """Keep states in this array from now on.

        Args:
            states: a row for every place.
            sessions: the number of the session in each place, negative where there is none.
        """
        self._states, self._sessions = states, sessions

    def step(self, x: Any, session: int, out: np.ndarray | None) -> np.ndarray:
        """Step one session: x is a vector, or an id."""
        if self._widths[0] == 0:
            rows = np.asarray(x)
            if rows.ndim or rows.dtype.kind not in "iu":
                raise ValueError(f"step expected x to be a token id, got {x!r}.")
        else:
            rows = np.asarray(x, self._states.dtype)
            _expect("x", rows, (self._widths[0],))
        if out is not None:
            _expect("out", out, (self._widths[-1],))
        result = self._run(rows[None], np.array([session]))[0]
        return _into(out, result)

    def step_many(self, x: np.ndarray, sessions: np.ndarray, out: np.ndarray | None) -> np.ndarray:
        """Step several sessions, one for each row of x."""
        width = (self._widths[0],) if self._widths[0] else ()
        _expect("x", x, (len(sessions), *width))
        if out is not None:
            _expect("out", out, (len(sessions), self._widths[-1]))
        if len(np.unique(sessions)) < len(sessions):
            raise ValueError(f"step expected each session once, got {sessions.tolist()}.")
        return _into(out, self._run(x, sessions))

    def _run(self, x: np.ndarray, sessions: np.ndarray) -> np.ndarray:
        places = sessions & _PLACES
        known = (sessions >= 0) & (places < len(self._sessions))
        known[known] = self._sessions[places[known]] == sessions[known]
        if not known.all():
            raise ValueError(
                f"step expected sessions that exist, got {sessions[~known].tolist()[0]}."
            )
        if self._widths[0] == 0:
            wrong = (x < 0) | ((x >= self._vocabulary) if self._vocabulary else False)
            if wrong.any():
                raise IndexError(
                    f"step expected ids of at least 0 and below {self._vocabulary}, got "
                    f"{x[wrong].tolist()[0]}."
                )
        slots: Slots = [None] * len(self._widths)
        slots[0] = x
        states = self._states[places]
        for operation in self._operations:
            operation(slots, states)
        self._states[places] = states
        return slots[-1].astype(states.dtype, copy=False)


def _for_one_step(**settings: Any) -> dict[str, Any]:
    """The arguments of a forward kernel that are the same for every step."""
    return {
        "input_dropout": None,
        "recurrent_dropout": None,
        "go_backwards": False,
        "return_sequences": True,
        "save": False,
        **settings,
    }


def _expect(what: str, value: np.ndarray, shape: tuple[int, ...]) -> None:
    if value.shape != shape:
        raise ValueError(
            f"step expected {what} to be an array of shape {shape}, got shape {value.shape}."
        )


def _into(out: np.ndarray | None, result: np.ndarray) -> np.ndarray:
    if out is None:
        return result
    out[...] = result
    return out


def _log_softmax(x: np.ndarray) -> np.ndarray:
    shifted = x - x.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _gelu(x: np.ndarray) -> np.ndarray:
    return (0.5 * x * np.vectorize(math.erfc)(-x / math.sqrt(2))).astype(x.dtype)
