"""How recurrent layers are written down: one operation for every cell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leftfold import activations
from leftfold.layers import GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells
from leftfold.streaming.recording import Recording, Slot, Value
from leftfold.streaming.refusal import refuse

OPERATIONS = {SimpleRNNCell: "simple_rnn", LSTMCell: "lstm", GRUCell: "gru"}


def recur(recording: Recording, layer: Any, value: Value) -> Any:
    """Write down `SimpleRNN`, `LSTM`, `GRU`, or `RNN` of their cells."""
    if layer.go_backwards:
        refuse(layer, "with go_backwards it begins at the end of the sequence")
    if not value.sequence or len(value.shape) != 1:
        refuse(layer, "its input is no sequence of vectors")
    cells = list(_cells(layer, layer.cell))
    slot = value.slot
    for index, cell in enumerate(cells):
        last = index == len(cells) - 1
        zeros = last and layer.return_sequences and layer.zero_output_for_mask
        name = layer.name if len(cells) == 1 else f"{layer.name}/{index}"
        slot = _cell(recording, layer, cell, slot, value.mask, name, zeros)
    sequence = layer.return_sequences
    output = Value(slot, (slot.width,), sequence, value.mask if sequence else None)
    if not layer.return_state:
        return output
    return [output, *(NoValue(layer) for _ in layer.get_initial_state(1))]


class NoValue:
    """A state that a layer returns, which nothing may read."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer


def _cells(layer: Any, cell: Any) -> Iterator[Any]:
    if type(cell) is StackedRNNCells:
        for inner in cell.cells:
            yield from _cells(layer, inner)
    elif type(cell) in OPERATIONS:
        yield cell
    else:
        refuse(layer, f"streaming knows no step of its cell {type(cell).__name__}")


def _cell(
    recording: Recording,
    layer: Any,
    cell: Any,
    source: Slot,
    mask: Slot | None,
    name: str,
    zero_output_for_mask: bool,
) -> Slot:
    result = recording.slot(cell.units)
    state_at = recording.state(f"{name}/h", cell.units)
    functions = [cell.activation]
    extra: list[Any] = []
    if type(cell) is not SimpleRNNCell:
        functions.append(cell.recurrent_activation)
    if type(cell) is LSTMCell:
        recording.state(f"{name}/c", cell.units)
    if type(cell) is GRUCell:
        extra.append(bool(cell.reset_after))
    names = [activations.kernel_name(function) for function in functions]
    for function, known in zip(functions, names, strict=True):
        if known is None:
            called = getattr(function, "__name__", repr(function))
            refuse(layer, f"streaming does not know its activation {called}")
    weights = [recording.array(w) for w in (cell.kernel, cell.recurrent_kernel, cell.bias)]
    recording.add(
        OPERATIONS[type(cell)],
        source, result, -1 if mask is None else mask, state_at, zero_output_for_mask,
        *weights, *names, *extra,
    )  # fmt: skip
    return result
