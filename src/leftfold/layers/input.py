"""`Input`: where data enters a model."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine import KerasTensor, config
from leftfold.engine.symbolic import Node
from leftfold.engine.tensor import TEXT
from leftfold.layers.layer import Layer
from leftfold.layers.serialization import known_layer


@known_layer
class InputLayer(Layer):
    """The layer behind `Input`; it passes its input on.

    Args:
        shape: sizes of one sample, `None` where they may vary.
        batch_size: number of samples, if it is fixed.
        dtype: element type; `floatx()` by default.
        sparse: not supported.
        ragged: not supported.
        batch_shape: `shape` with the batch size in front, instead of these two.
        input_tensor: a symbolic tensor to take shape and type from.
        optional: whether `None` may be passed.
        name: also the key of this input in a dictionary of inputs.
    """

    steady = True

    reads_texts = True

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: str | None = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: KerasTensor | None = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        shape = kwargs.pop("input_shape", shape)
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        super().__init__(name=name, **kwargs)
        if sparse or ragged:
            raise ValueError("Input expected dense data: sparse and ragged are not supported.")
        if input_tensor is not None:
            batch_shape, dtype = input_tensor.shape, input_tensor.dtype
        elif (shape is None) == (batch_shape is None):
            raise ValueError("Input expected one of shape and batch_shape.")
        if batch_shape is None:
            batch_shape = (batch_size, *_sizes(shape))
        elif batch_size is not None:
            raise ValueError("Input expected batch_size together with shape, not with batch_shape.")
        self.batch_shape = _sizes(batch_shape)
        text = dtype in (TEXT, str)
        self.input_dtype = TEXT if text else np.dtype(dtype or config.floatx()).name
        self.sparse = self.ragged = False
        self.optional = optional
        self.autocast = False
        self.supports_masking = True
        tensor = input_tensor
        if tensor is None:
            tensor = KerasTensor(self.batch_shape, self.input_dtype, name=self.name)
        Node(self, (), {}, tensor)

    @property
    def dtype(self) -> str:
        return self.input_dtype

    def call(self, inputs: Any = None) -> Any:
        return inputs

    def get_config(self) -> dict[str, Any]:
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.input_dtype,
            "sparse": False,
            "ragged": False,
            "name": self.name,
            "optional": self.optional,
        }


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: str | None = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: KerasTensor | None = None,
    optional: bool = False,
) -> KerasTensor:
    """A symbolic tensor to build a model from.

    Args:
        shape: sizes of one sample, `None` where they may vary: `(None, 3)` for sequences of any
            length with 3 features.
        batch_size: number of samples, if it is fixed (stateful layers need it).
        dtype: element type; `floatx()` by default. Token ids are `"int32"`, texts `"string"`.
        sparse: not supported.
        ragged: not supported.
        batch_shape: `shape` with the batch size in front, instead of these two.
        name: also the key of this input in a dictionary of inputs.
        tensor: a symbolic tensor to take shape and type from.
        optional: whether `None` may be passed.

    Raises:
        ValueError: without a shape, or for sizes that are not positive integers or `None`.

    Example:
        >>> Input((None, 3)).shape
        (None, None, 3)
    """
    layer = InputLayer(
        shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name
    )
    return layer.output


def _sizes(shape: Any) -> tuple[int | None, ...]:
    sizes = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
    for size in sizes:
        if size is not None and (not isinstance(size, int | np.integer) or size < 0):
            raise ValueError(
                f"Input expected a shape of non-negative integers and None, got {sizes}."
            )
    return tuple(None if size is None else int(size) for size in sizes)
