"""Layers that keep means and variances in bounds."""

from __future__ import annotations

from typing import Any

from leftfold import constraints, initializers, ops, regularizers
from leftfold.engine import Variable
from leftfold.layers.input_spec import InputSpec
from leftfold.layers.layer import Layer
from leftfold.layers.serialization import known_layer


class ScaledAndCentred(Layer):
    """Base of what ends with `* gamma + beta`."""

    def __init__(
        self,
        center: bool,
        scale: bool,
        beta_initializer: Any,
        gamma_initializer: Any,
        beta_regularizer: Any,
        gamma_regularizer: Any,
        beta_constraint: Any,
        gamma_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.gamma: Variable | None = None
        self.beta: Variable | None = None
        self.supports_masking = True

    def _add_scale_and_centre(self, shape: tuple[int, ...]) -> None:
        if self.scale:
            self.gamma = self.add_weight(
                shape,
                self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                name="gamma",
            )
        if self.center:
            self.beta = self.add_weight(
                shape,
                self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                name="beta",
            )

    def _sizes(self, input_shape: Any, axes: Any) -> tuple[Any, ...]:
        """The sizes of the axes that have factors and offsets of their own."""
        if any(not -len(input_shape) <= axis < len(input_shape) for axis in axes):
            raise ValueError(
                f"{self._called} has no axis {list(axes)} in inputs of shape {tuple(input_shape)}."
            )
        return tuple(input_shape[axis] for axis in axes)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }


@known_layer
class LayerNormalization(ScaledAndCentred):
    """Each sample, at each timestep, with mean 0 and variance 1, times `gamma`, plus `beta`.

    Args:
        axis: the axis or axes of the features.
        epsilon: added to the variance.
        center: whether there is a `beta`.
        scale: whether there is a `gamma`.
        beta_initializer: first values of `beta`.
        gamma_initializer: first values of `gamma`.
        beta_regularizer: penalty on `beta`.
        gamma_regularizer: penalty on `gamma`.
        beta_constraint: applied to `beta` after every update.
        gamma_constraint: applied to `gamma` after every update.

    Example:
        >>> import numpy as np
        >>> LayerNormalization(epsilon=0.0)(np.array([[1.0, 3.0]])).tolist()
        [[-1.0, 1.0]]

    Reference: Ba, Kiros and Hinton, "Layer Normalization" (2016).
    """

    steady = True

    def __init__(
        self,
        axis: Any = -1,
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
        if kwargs.pop("rms_scaling", False):
            raise ValueError("LayerNormalization does not support rms_scaling.")
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
        self.axis = list(axis) if isinstance(axis, list | tuple) else axis
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        sizes = self._sizes(input_shape, self.axis)
        self._add_scale_and_centre(sizes)
        axes = dict(zip(self.axis, sizes, strict=True))
        self.input_spec = InputSpec(min_ndim=len(input_shape), axes=axes)

    def call(self, inputs: Any) -> Any:
        return ops.layer_normalization(inputs, self.gamma, self.beta, self.axis, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        own = {"axis": self.axis, "epsilon": self.epsilon, "rms_scaling": False}
        return super().get_config() | own


@known_layer
class BatchNormalization(ScaledAndCentred):
    """Each feature with mean 0 and variance 1 over the batch, times `gamma`, plus `beta`.

    In training the batch's own mean and variance count (over the timesteps that are not
    masked), and moving averages of them are kept; otherwise, and when the layer is not
    `trainable`, these averages count.

    Args:
        axis: the axis of the features.
        momentum: how much of the moving averages a batch leaves.
        epsilon: added to the variance.
        center: whether there is a `beta`.
        scale: whether there is a `gamma`.
        beta_initializer: first values of `beta`.
        gamma_initializer: first values of `gamma`.
        moving_mean_initializer: first values of the moving average of means.
        moving_variance_initializer: first values of the moving average of variances.
        beta_regularizer: penalty on `beta`.
        gamma_regularizer: penalty on `gamma`.
        beta_constraint: applied to `beta` after every update.
        gamma_constraint: applied to `gamma` after every update.
        renorm: not supported.
        renorm_clipping: not supported.
        renorm_momentum: not supported.
        synchronized: not supported.

    Reference: Ioffe and Szegedy, "Batch Normalization" (2015).
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        if renorm or synchronized:
            raise ValueError("BatchNormalization does not support renorm or synchronized.")
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
        self.axis = int(axis)
        self.momentum = momentum
        self.epsilon = epsilon
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.renorm_momentum = renorm_momentum

    def build(self, input_shape: Any) -> None:
        rank = len(input_shape)
        sizes = self._sizes(input_shape, [self.axis])
        self._add_scale_and_centre(sizes)
        self.moving_mean = self.add_weight(
            sizes, self.moving_mean_initializer, trainable=False, name="moving_mean"
        )
        self.moving_variance = self.add_weight(
            sizes, self.moving_variance_initializer, trainable=False, name="moving_variance"
        )
        self.input_spec = InputSpec(ndim=rank, axes={self.axis: sizes[0]})
        self._others = [axis for axis in range(rank) if axis != self.axis % rank]

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        mean, variance = self.moving_mean, self.moving_variance
        if training and self.trainable:
            mean, variance = self._moments(inputs, mask)
            for average, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
                kept = average.data * self.momentum
                average.assign(kept + value.data * (1 - self.momentum))
        return ops.batch_normalization(
            inputs, mean, variance, self.axis, self.beta, self.gamma, self.epsilon
        )

    def _moments(self, inputs: Any, mask: Any) -> tuple[Any, Any]:
        if mask is None:
            return ops.moments(inputs, axes=self._others)
        behind = tuple(range(mask.ndim, inputs.ndim))
        weight = ops.cast(ops.expand_dims(mask, behind), inputs.dtype) * ops.ones_like(inputs)
        count = ops.maximum(ops.sum(weight, axis=self._others, keepdims=True), 1)
        mean = ops.sum(inputs * weight, axis=self._others, keepdims=True) / count
        distance = (inputs - mean) * weight
        variance = ops.sum(distance * distance, axis=self._others) / ops.squeeze(count)
        return ops.reshape(mean, variance.shape), variance

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "axis": self.axis,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "synchronized": False,
            "renorm": False,
            "renorm_clipping": None,
            "renorm_momentum": self.renorm_momentum,
        }
