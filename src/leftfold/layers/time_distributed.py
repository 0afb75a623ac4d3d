"""`TimeDistributed`: the same layer at every timestep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leftfold import ops
from leftfold.engine.symbolic import map_structure
from leftfold.layers.call import map_shapes
from leftfold.layers.layer import Layer
from leftfold.layers.serialization import deserialize, known_layer, serialize


@known_layer
class Wrapper(Layer):
    """Base of layers that do something with another layer.

    Args:
        layer: the other layer.

    Raises:
        ValueError: when it is not a layer.
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise ValueError(f"{type(self).__name__} expected a layer, got {layer!r}.")
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        """Build the other layer."""
        if not self.layer.built:
            self.layer.build(input_shape)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"layer": serialize(self.layer)}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        layer = deserialize(config["layer"], custom_objects)
        return super().from_config({**config, "layer": layer})


@known_layer
class TimeDistributed(Wrapper):
    """Applies a layer to every timestep of `(batch, timesteps, ...)` on its own.

    All timesteps of all samples go through the layer at once, as one large batch.

    Args:
        layer: the layer.

    Example:
        >>> import numpy as np
        >>> from leftfold.layers import Dense
        >>> TimeDistributed(Dense(4))(np.zeros((2, 7, 3))).shape
        (2, 7, 4)
    """

    steady = True

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def _of_a_step(self, input_shape: Any) -> tuple[Any, ...]:
        if not isinstance(input_shape, list | tuple) or len(input_shape) < 3:
            raise ValueError(
                f"{self._called} expected inputs of shape (batch, timesteps, ...) with rank 3 at "
                f"least, got shape {input_shape}."
            )
        return (input_shape[0], *input_shape[2:])

    def build(self, input_shape: Any) -> None:  # type: ignore[override]
        """Build the other layer for the shape of a timestep."""
        super().build(self._of_a_step(input_shape))

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        batch, timesteps = inputs.shape[:2]
        if mask is not None and tuple(mask.shape[:2]) != (batch, timesteps):
            raise ValueError(
                f"{self._called} expected a mask of shape {(batch, timesteps)}, got {mask.shape}."
            )
        settings: dict[str, Any] = {}
        if mask is not None and self._masks_steps(mask):
            settings["mask"] = ops.reshape(mask, (batch * timesteps, *mask.shape[2:]))
        steps = ops.reshape(inputs, (batch * timesteps, *inputs.shape[2:]))
        return map_structure(
            lambda y: ops.reshape(y, (batch, timesteps, *y.shape[1:])),
            self.layer(steps, training=training, **settings),
        )

    def _masks_steps(self, mask: Any) -> bool:
        """Whether the layer takes what a mask says of one step.

        Those of Leftfold's layers that take masks ask for timesteps inside a step; a layer of the
        user's own may want to know whether the step itself counts.
        """
        own = not type(self.layer).__module__.startswith("leftfold.")
        return self.layer._call_spec.mask_at > 0 and (own or len(mask.shape) > 2)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shapes = self.layer.compute_output_shape(self._of_a_step(input_shape))
        return map_shapes(lambda shape: (shape[0], input_shape[1], *shape[1:]), shapes)
