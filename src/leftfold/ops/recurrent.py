"""The recurrences: each reads a whole sequence and is one step on the tape."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine import KerasTensor
from leftfold.engine.kernels import is_native
from leftfold.engine.kernels import kernel as find_kernel
from leftfold.engine.primitive import primitive, shape_rule
from leftfold.engine.tensor import as_array
from leftfold.ops.fused import check_range
from leftfold.ops.recurrent_chunks import SHORTEST_CHUNK, read_in_chunks


@primitive
def simple_rnn(
    x: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any = None,
    h0: Any = None,
    /,
    mask: Any = None,
    input_dropout: Any = None,
    recurrent_dropout: Any = None,
    *,
    activation: str = "tanh",
    go_backwards: bool = False,
    return_sequences: bool = False,
    zero_output_for_mask: bool = False,
    in_chunks: bool = False,
    bfloat16: bool = False,
    needs: tuple[bool, ...] = (),
) -> Any:
    """A simple recurrent network over a batch of sequences.

    The equation is in `leftfold.engine.reference.simple_rnn`.

    Args:
        x: inputs, (batch, timesteps, features); one-hot ones may be given as ids, (batch,
            timesteps), int32: which row of `kernel` stands for the product.
        kernel: (features, units).
        recurrent_kernel: (units, units).
        bias: (units,) or `None`.
        h0: initial hidden state, (batch, units); zeros by default.
        mask: boolean, (batch, timesteps); where it is `False`, a row skips the step.
        input_dropout: scaled mask for the inputs, (1, batch, features).
        recurrent_dropout: scaled mask for the hidden state, (1, batch, units).
        activation: name of an activation in `leftfold.engine.reference.activations`.
        go_backwards: read from the last step to the first, and answer in that order.
        return_sequences: return every hidden state, not only the last.
        zero_output_for_mask: with `return_sequences`, return zeros at skipped steps instead of
            the state carried over them.
        in_chunks: keep only the states at the borders of chunks of steps for the gradient, and
            read each chunk again in the backward pass.
        bfloat16: keep steps, and round the operands of products, in bfloat16 where the processor
            multiplies such numbers; sums stay float32.
        needs: which tensors need a gradient; given by the tape.

    Returns:
        The output, (batch, timesteps, units) or (batch, units), and the last hidden state.

    Example:
        >>> import numpy as np
        >>> from leftfold.ops import recurrent
        >>> x, w, r = np.ones((1, 2, 1)), np.eye(1), np.eye(1)
        >>> output, h = recurrent.simple_rnn(x, w, r, activation="linear", return_sequences=True)
        >>> output.numpy()[0, :, 0]
        array([1., 2.])
    """
    tensors = x, kernel, recurrent_kernel, bias, h0
    masks = mask, input_dropout, recurrent_dropout
    settings = activation, go_backwards, return_sequences, zero_output_for_mask
    return _read("simple_rnn", 1, tensors, masks, settings, needs, in_chunks, bfloat16)


@primitive
def lstm(
    x: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any = None,
    h0: Any = None,
    c0: Any = None,
    /,
    mask: Any = None,
    input_dropout: Any = None,
    recurrent_dropout: Any = None,
    *,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
    go_backwards: bool = False,
    return_sequences: bool = False,
    zero_output_for_mask: bool = False,
    in_chunks: bool = False,
    bfloat16: bool = False,
    needs: tuple[bool, ...] = (),
) -> Any:
    """A long short-term memory over a batch of sequences.

    The equations are in `leftfold.engine.reference.lstm`.

    Args:
        x: inputs, (batch, timesteps, features); one-hot ones may be given as ids, (batch,
            timesteps), int32: which row of `kernel` stands for the product.
        kernel: (features, 4 * units), the gates in the order i, f, c, o.
        recurrent_kernel: (units, 4 * units).
        bias: (4 * units,) or `None`.
        h0: initial hidden state, (batch, units); zeros by default.
        c0: initial cell state, (batch, units); zeros by default.
        mask: boolean, (batch, timesteps); where it is `False`, a row skips the step.
        input_dropout: scaled masks for the inputs, one for all gates or one each,
            (1 or 4, batch, features).
        recurrent_dropout: scaled masks for the hidden state, one a gate, (4, batch, units).
        activation: name of an activation in `leftfold.engine.reference.activations`.
        recurrent_activation: the same for the gates.
        go_backwards: read from the last step to the first, and answer in that order.
        return_sequences: return every hidden state, not only the last.
        zero_output_for_mask: with `return_sequences`, return zeros at skipped steps instead of
            the state carried over them.
        in_chunks: keep only the states at the borders of chunks of steps for the gradient, and
            read each chunk again in the backward pass.
        bfloat16: keep steps, and round the operands of products, in bfloat16 where the processor
            multiplies such numbers; sums stay float32.
        needs: which tensors need a gradient; given by the tape.

    Returns:
        The output, (batch, timesteps, units) or (batch, units); the last hidden state; the last
        cell state.

    Example:
        >>> import numpy as np
        >>> from leftfold.ops import recurrent
        >>> output, h, c = recurrent.lstm(np.ones((2, 5, 3)), np.ones((3, 8)), np.ones((2, 8)))
        >>> output.shape, h.shape, c.shape
        ((2, 2), (2, 2), (2, 2))
    """
    tensors = x, kernel, recurrent_kernel, bias, h0, c0
    masks = mask, input_dropout, recurrent_dropout
    flags = go_backwards, return_sequences, zero_output_for_mask
    settings = activation, recurrent_activation, *flags
    return _read("lstm", 4, tensors, masks, settings, needs, in_chunks, bfloat16)


@primitive
def gru(
    x: Any,
    kernel: Any,
    recurrent_kernel: Any,
    bias: Any = None,
    h0: Any = None,
    /,
    mask: Any = None,
    input_dropout: Any = None,
    recurrent_dropout: Any = None,
    *,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
    reset_after: bool = True,
    go_backwards: bool = False,
    return_sequences: bool = False,
    zero_output_for_mask: bool = False,
    in_chunks: bool = False,
    bfloat16: bool = False,
    needs: tuple[bool, ...] = (),
) -> Any:
    """Gated recurrent units over a batch of sequences.

    The equations are in `leftfold.engine.reference.gru`.

    Args:
        x: inputs, (batch, timesteps, features); one-hot ones may be given as ids, (batch,
            timesteps), int32: which row of `kernel` stands for the product.
        kernel: (features, 3 * units), the gates in the order z, r, h.
        recurrent_kernel: (units, 3 * units).
        bias: (2, 3 * units) if `reset_after`, else (3 * units,); or `None`.
        h0: initial hidden state, (batch, units); zeros by default.
        mask: boolean, (batch, timesteps); where it is `False`, a row skips the step.
        input_dropout: scaled masks for the inputs, one for all gates or one each,
            (1 or 3, batch, features).
        recurrent_dropout: scaled masks for the hidden state, one a gate, (3, batch, units).
        activation: name of an activation in `leftfold.engine.reference.activations`.
        recurrent_activation: the same for the gates.
        reset_after: whether the reset gate acts after the product with the recurrent kernel.
        go_backwards: read from the last step to the first, and answer in that order.
        return_sequences: return every hidden state, not only the last.
        zero_output_for_mask: with `return_sequences`, return zeros at skipped steps instead of
            the state carried over them.
        in_chunks: keep only the states at the borders of chunks of steps for the gradient, and
            read each chunk again in the backward pass.
        bfloat16: keep steps, and round the operands of products, in bfloat16 where the processor
            multiplies such numbers; sums stay float32.
        needs: which tensors need a gradient; given by the tape.

    Returns:
        The output, (batch, timesteps, units) or (batch, units), and the last hidden state.

    Example:
        >>> import numpy as np
        >>> from leftfold.ops import recurrent
        >>> output, h = recurrent.gru(np.ones((2, 5, 3)), np.ones((3, 6)), np.ones((2, 6)))
        >>> output.shape, h.shape
        ((2, 2), (2, 2))
    """
    tensors = x, kernel, recurrent_kernel, bias, h0
    masks = mask, input_dropout, recurrent_dropout
    flags = reset_after, go_backwards, return_sequences, zero_output_for_mask
    settings = activation, recurrent_activation, *flags
    return _read("gru", 3, tensors, masks, settings, needs, in_chunks, bfloat16, reset_after)


@shape_rule(simple_rnn)
@shape_rule(gru)
def _one_state_rule(x: Any, kernel: Any, recurrent_kernel: Any, *rest: Any, **settings: Any) -> Any:
    return _symbolic_outputs(x, recurrent_kernel, 1, settings.get("return_sequences"))


@shape_rule(lstm)
def _two_states_rule(
    x: Any, kernel: Any, recurrent_kernel: Any, *rest: Any, **settings: Any
) -> Any:
    return _symbolic_outputs(x, recurrent_kernel, 2, settings.get("return_sequences"))


def _symbolic_outputs(x: Any, recurrent_kernel: Any, states: int, sequences: Any) -> Any:
    if len(x.shape) != 3 - (x.dtype == "int32"):
        raise ValueError(f"x expected shape (batch, timesteps, features), got {x.shape}.")
    batch, timesteps = x.shape[:2]
    state = (batch, recurrent_kernel.shape[0])
    output = (batch, timesteps, state[1]) if sequences else state
    dtype = recurrent_kernel.dtype
    return tuple([KerasTensor(shape, dtype) for shape in (output, *[state] * states)])


def _read(
    name: str,
    gates: int,
    tensors: Any,
    masks: Any,
    settings: tuple[Any, ...],
    needs: tuple[bool, ...],
    in_chunks: bool,
    bfloat16: bool,
    two_biases: bool = False,
) -> Any:
    """Run a kernel; with `needs`, keep what its backward pass will want."""
    dtype = tensors[2].dtype
    run_forward = find_kernel(f"{name}_forward", dtype, bfloat16)
    run_backward = find_kernel(f"{name}_backward", dtype, bfloat16)
    mask, *dropouts = masks
    masks = [None if mask is None else np.asarray(as_array(mask), bool), *map(as_array, dropouts)]
    as_given = tensors, masks
    # Native kernels check what they are given. What they refuse is checked again below, for a
    # message about the arguments of the operation instead of those of the kernel.
    if in_chunks or not is_native(dtype):
        tensors, masks = _checked(name, gates, two_biases, *as_given)
    if in_chunks and needs and tensors[0].shape[1] > SHORTEST_CHUNK:
        return read_in_chunks(run_forward, run_backward, tensors, masks, settings, needs[0])

    def forward() -> Any:
        return run_forward(*tensors, *masks, *settings, bool(needs))

    try:
        *outputs, saved = forward()
    except (IndexError, ValueError):
        _checked(name, gates, two_biases, *as_given)
        raise
    kept = [saved]

    def vjp(*gradients: np.ndarray | None) -> Any:
        # A backward pass overwrites what was saved; a second one has to read again.
        saved = kept.pop() if kept else forward()[-1]
        return run_backward(saved, *gradients, needs[0])

    return tuple(outputs), vjp


def _checked(
    name: str, gates: int, two_biases: bool, tensors: Any, masks: list[Any]
) -> tuple[list[Any], list[Any]]:
    """Tensors and masks as kernels take them: contiguous, of one float dtype, of fitting shapes."""
    tensors = _checked_tensors(name, gates, two_biases, *tensors)
    return tensors, _checked_masks(name, gates, tensors, *masks)


def _checked_tensors(
    name: str,
    gates: int,
    two_biases: bool,
    x: np.ndarray,
    kernel: np.ndarray,
    recurrent_kernel: np.ndarray,
    bias: np.ndarray | None,
    *states: np.ndarray | None,
) -> list[Any]:
    ids = x.dtype == np.int32
    if x.ndim != (2 if ids else 3):
        raise ValueError(
            f"{name} expected x of shape (batch, timesteps{'' if ids else ', features'}), got "
            f"shape {x.shape}."
        )
    if x.dtype.kind != "f" and not ids:
        raise TypeError(f"{name} expected x of a float dtype, or int32 for ids, got {x.dtype}.")
    if recurrent_kernel.ndim != 2:
        raise ValueError(
            f"{name} expected recurrent_kernel of two axes, got shape {recurrent_kernel.shape}."
        )
    features = len(kernel) if ids else x.shape[2]
    if ids:
        check_range(x, features, name, "id")
    batch, dtype = len(x), recurrent_kernel.dtype
    units, width = len(recurrent_kernel), gates * len(recurrent_kernel)
    expected: list[tuple[str, Any, tuple[int, ...]]] = [
        ("kernel", kernel, (features, width)),
        ("recurrent_kernel", recurrent_kernel, (units, width)),
        ("bias", bias, (2, width) if two_biases else (width,)),
        *zip(("h0", "c0"), states, ((batch, units),) * 2, strict=False),
    ]
    found: list[Any] = [np.ascontiguousarray(x)]
    for what, value, shape in expected:
        if value is not None:
            _expect(name, what, value, dtype if ids else x.dtype, (shape,))
            value = np.ascontiguousarray(value)
        found.append(value)
    return found


def _checked_masks(
    name: str,
    gates: int,
    tensors: list[Any],
    mask: Any,
    input_dropout: Any,
    recurrent_dropout: Any,
) -> list[Any]:
    x, kernel, recurrent_kernel, *_ = tensors
    batch, timesteps, features = len(x), x.shape[1], len(kernel)
    units = len(recurrent_kernel)
    found: list[Any] = [None, None, None]
    if mask is not None:
        _expect(name, "mask", mask, mask.dtype, ((batch, timesteps),))
        found[0] = np.ascontiguousarray(mask)
    if input_dropout is not None:
        if x.dtype.kind != "f":
            raise ValueError(f"{name} expected no input_dropout where x are ids.")
        shapes = (1, batch, features), (gates, batch, features)
        _expect(name, "input_dropout", input_dropout, x.dtype, shapes)
        found[1] = np.ascontiguousarray(input_dropout)
    if recurrent_dropout is not None:
        shape = gates, batch, units
        _expect(name, "recurrent_dropout", recurrent_dropout, recurrent_kernel.dtype, (shape,))
        found[2] = np.ascontiguousarray(recurrent_dropout)
    return found


def _expect(name: str, what: str, value: Any, dtype: Any, shapes: tuple[Any, ...]) -> None:
    if value.shape not in shapes:
        wanted = " or ".join(str(shape) for shape in dict.fromkeys(shapes))
        raise ValueError(f"{name} expected {what} of shape {wanted}, got {value.shape}.")
    if value.dtype != dtype:
        raise TypeError(f"{name} expected {what} of dtype {dtype} like x, got {value.dtype}.")
