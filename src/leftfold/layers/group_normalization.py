"""`GroupNormalization`: means and variances of groups of channels."""

from __future__ import annotations

from typing import Any

from leftfold import ops
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.normalization import ScaledAndCentred
from leftfold.layers.serialization import known_layer


@known_layer
class GroupNormalization(ScaledAndCentred):
    """Each group of channels of a sample with mean 0 and variance 1, times `gamma`, plus `beta`.

    Mean and variance are those of the group's channels at all timesteps (or places) together.

    Args:
        groups: how many; -1 for one for each channel.
        axis: the axis of the channels.
        epsilon: added to the variance.
        center: whether there is a `beta`.
        scale: whether there is a `gamma`.
        beta_initializer: first values of `beta`, (channels,).
        gamma_initializer: first values of `gamma`, (channels,).
        beta_regularizer: penalty on `beta`.
        gamma_regularizer: penalty on `gamma`.
        beta_constraint: applied to `beta` after every update.
        gamma_constraint: applied to `gamma` after every update.

    Raises:
        ValueError: for a number of groups that is not positive or does not divide the channels.

    Reference: Wu and He, "Group Normalization" (2018).
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        if isinstance(groups, bool) or not isinstance(groups, int) or groups < -1 or not groups:
            raise ValueError(
                "GroupNormalization expected groups to be a positive integer, or -1 for one for "
                f"each channel, got {groups!r}."
            )
        super().__init__(
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            **kwargs,
        )
        self.groups = groups
        self.axis = axis
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        channels = self._sizes(input_shape, [self.axis])[0]
        if self.groups == -1:
            self.groups = channels
        if channels is None or channels % self.groups:
            raise ValueError(
                f"{self._called} expected a known number of channels that {self.groups} groups "
                f"can share, got {channels} (input shape {tuple(input_shape)})."
            )
        self._add_scale_and_centre((channels,))
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs: Any) -> Any:
        axis = self.axis % inputs.ndim
        shape, channels = inputs.shape, inputs.shape[axis]
        grouped = (*shape[:axis], self.groups, channels // self.groups, *shape[axis + 1 :])
        x = ops.reshape(inputs, grouped)
        others = [each for each in range(1, len(grouped)) if each != axis]
        mean, variance = ops.moments(x, axes=others, keepdims=True)
        y = ops.reshape((x - mean) * ops.rsqrt(variance + self.epsilon), shape)
        along = [1] * len(shape)
        along[axis] = channels
        if self.gamma is not None:
            y = y * ops.reshape(self.gamma, along)
        return y if self.beta is None else y + ops.reshape(self.beta, along)

    def get_config(self) -> dict[str, Any]:
        own = {"groups": self.groups, "axis": self.axis, "epsilon": self.epsilon}
        return super().get_config() | own
