"""`EinsumDense`: a product with a kernel along any axes, written as an equation."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from leftfold import activations, constraints, initializers, ops, regularizers
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.layer import Layer
from leftfold.layers.projection import by_axes
from leftfold.layers.serialization import known_layer

_EQUATION = re.compile(r"(\.{3})?([a-zA-Z]+)(\.{3})?,([a-zA-Z]+)->(\.{3})?([a-zA-Z]+)(\.{3})?")


@known_layer
class EinsumDense(Layer):
    """`activation(einsum(equation, inputs, kernel) + bias)`.

    Args:
        equation: as `ops.einsum` takes it, such as `"abc,cd->abd"`; `"..."` on the same side of
            inputs and outputs stands for any number of axes.
        output_shape: sizes of the outputs' axes, without the batch's and without those that
            `"..."` stands for; `None` for an unknown one that the inputs have, too.
        activation: by name or function; none by default.
        bias_axes: the letters of the outputs along which there is a `bias`; `None` for none.
        kernel_initializer: first values of `kernel`.
        bias_initializer: first values of `bias`.
        kernel_regularizer: penalty on `kernel`.
        bias_regularizer: penalty on `bias`.
        kernel_constraint: applied to `kernel` after every update.
        bias_constraint: applied to `bias` after every update.

    Raises:
        ValueError: for an equation of another form, or shapes that do not fit it.

    Example:
        >>> import numpy as np
        >>> EinsumDense("abc,cd->abd", (None, 4), bias_axes="d")(np.ones((2, 5, 3))).shape
        (2, 5, 4)
    """

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.equation = equation
        self._parsed = _parse(equation, bias_axes)
        sizes = output_shape if isinstance(output_shape, list | tuple) else (output_shape,)
        self.partial_output_shape = tuple(sizes)
        self.bias_axes = bias_axes
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, input_shape: Any) -> None:
        sizes = self._sizes(input_shape)
        unknown = [letter for letter in self._parsed.kernel if sizes[letter] is None]
        if unknown:
            raise ValueError(
                f"{self._called} expected the sizes of its kernel's axes to be known, got none "
                f"for {unknown[0]!r} in {self.equation!r} (input shape {tuple(input_shape)}, "
                f"output_shape {self.partial_output_shape})."
            )
        _, kernel, outputs = self._parsed[:3]
        of_outputs = [axis for axis, letter in enumerate(kernel) if letter in outputs]
        of_inputs = [axis for axis, letter in enumerate(kernel) if letter not in outputs]
        self.kernel = self.add_weight(
            tuple(sizes[letter] for letter in kernel),
            by_axes(self.kernel_initializer, of_inputs, of_outputs),
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = None
        if self.bias_axes is not None:
            self.bias = self.add_weight(
                self._bias_shape(sizes, len(input_shape)),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self.input_spec = InputSpec(ndim=len(input_shape))

    def _bias_shape(self, sizes: dict[str, Any], rank: int) -> tuple[int, ...]:
        outputs, axes = self._parsed.outputs, self.bias_axes or ""
        first = min(map(outputs.index, axes))
        behind = rank - len(self._parsed.inputs) if self._parsed.elided == "behind" else 0
        shape = [sizes[letter] if letter in axes else 1 for letter in outputs[first:]]
        return (*shape, *[1] * behind)

    def call(self, inputs: Any) -> Any:
        outputs = ops.einsum(self.equation, inputs, self.kernel)
        if self.bias is not None:
            outputs = outputs + self.bias
        if self.activation is None or self.activation is activations.linear:
            return outputs
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        self._sizes(input_shape)
        return self._full_output_shape(input_shape)

    def _full_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        elided = len(input_shape) - len(self._parsed.inputs)
        if elided < 0 or (elided > 0 and not self._parsed.elided):
            raise ValueError(
                f"{self._called} expected inputs with an axis for each letter of "
                f"{self.equation!r}, got shape {tuple(input_shape)}."
            )
        batch, *others = input_shape
        if self._parsed.elided == "before":
            return (batch, *others[: max(elided - 1, 0)], *self.partial_output_shape)
        return (batch, *self.partial_output_shape, *others[len(others) - elided :])

    def _sizes(self, input_shape: Any) -> dict[str, Any]:
        """The size of every letter."""
        shape = self._full_output_shape(input_shape)
        inputs, kernel, outputs, side = self._parsed
        before = len(input_shape) - len(inputs) if side == "before" else 0
        given = dict(zip(inputs, input_shape[before:], strict=False))
        asked = dict(zip(outputs, shape[before:], strict=False))
        missing = [letter for letter in outputs + kernel if letter not in given | asked]
        if missing or len(shape) - before < len(outputs):
            raise ValueError(
                f"{self._called} expected output_shape to have a size for each axis of "
                f"{outputs!r} but the batch's, got {self.partial_output_shape} for "
                f"{self.equation!r}."
            )
        for letter in given.keys() & asked.keys():
            if asked[letter] not in (None, given[letter]):
                raise ValueError(
                    f"{self._called} expected output_shape to agree with the inputs along "
                    f"{letter!r} of {self.equation!r}, got {asked[letter]} and {given[letter]}."
                )
        return given | {letter: size for letter, size in asked.items() if size is not None}

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "output_shape": self.partial_output_shape,
            "equation": self.equation,
            "activation": activations.serialize(self.activation),
            "bias_axes": self.bias_axes,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


class _Equation(NamedTuple):
    """The letters of inputs, kernel and outputs; on which side `"..."` stands, `""` for none."""

    inputs: str
    kernel: str
    outputs: str
    elided: str


def _parse(equation: Any, bias_axes: Any) -> _Equation:
    found = _EQUATION.fullmatch(equation.replace(" ", "")) if isinstance(equation, str) else None
    sides = found.group(1, 3, 5, 7) if found else ()
    if found is None or sides[0] != sides[2] or sides[1] != sides[3] or (sides[0] and sides[1]):
        raise ValueError(
            "EinsumDense expected an equation of the form 'ab,bc->ac', '...a,ab->...b' or "
            f"'ab...,bc->ac...', got {equation!r}."
        )
    inputs, kernel, outputs = found.group(2, 4, 6)
    astray = set(outputs) - set(inputs + kernel) or set(kernel) - set(inputs + outputs)
    if astray:
        raise ValueError(
            f"EinsumDense expected every letter of {equation!r} at two places, got "
            f"{min(astray)!r} at one."
        )
    if bias_axes is not None and (not bias_axes or set(bias_axes) - set(outputs)):
        raise ValueError(
            f"EinsumDense expected bias_axes to be letters of the outputs {outputs!r}, got "
            f"{bias_axes!r}."
        )
    return _Equation(inputs, kernel, outputs, "before" if sides[0] else "behind" * bool(sides[1]))
