"""`Layer`: a function with weights, the building block of every model."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from leftfold import regularizers
from leftfold.engine import KerasTensor, Tensor, registry
from leftfold.engine.legacy import tell_once
from leftfold.engine.naming import auto_name, to_snake_case
from leftfold.engine.stateless import check_count, given_state, values_of
from leftfold.engine.symbolic import Operation
from leftfold.layers import call as calls
from leftfold.layers import dtype_policy
from leftfold.layers.call import context
from leftfold.layers.input_spec import check_input
from leftfold.layers.losses import LayerLosses, with_losses
from leftfold.layers.serialization import Arguments, automatic_config, overrides


class Layer(LayerLosses, Operation):
    """Base class of all layers.

    A subclass stores its arguments in `__init__`, makes its weights in `build(input_shape)`
    with `add_weight`, and computes in `call(inputs)`. `call` may also take `training` (whether
    the model is being trained) and `mask` (which timesteps count). Layers put into attributes,
    lists or dictionaries of a layer belong to it.

    Args:
        activity_regularizer: a penalty on the outputs, by name or object.
        trainable: whether training changes the weights.
        dtype: element type of weights and computation; `floatx()` by default.
        autocast: whether floating-point inputs are cast to `dtype`.
        name: unique in a model; made of the class's name by default.

    Example:
        >>> from leftfold import ops
        >>> class Scale(Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight((input_shape[-1],), "ones", name="factor")
        ...     def call(self, inputs):
        ...         return inputs * self.factor
        >>> Scale()(ops.zeros((2, 3))).shape
        (2, 3)
    """

    _call_spec: calls.CallSpec
    reads_texts: bool = True
    """Whether inputs may be texts; for a layer of the user's own, its code decides."""
    steady: bool = False
    """Whether `call` runs the same primitives, and nothing else that counts, for every batch of
    the same shape; then a model may note them once and not call the layer again."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        layer = super().__new__(cls)
        object.__setattr__(layer, "_arguments", Arguments(args, kwargs))
        return layer

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "call" in cls.__dict__:
            cls._call_spec = calls.CallSpec(cls.call)
        if "build" in cls.__dict__:
            cls.build = _recording_shapes(cls.build)  # type: ignore[method-assign]

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        cls = type(self).__name__
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(f"{cls} expected name to be a string without '/', got {name!r}.")
        Operation.__init__(self, name or auto_name(to_snake_case(cls)))
        self._start_state(trainable)
        self._batch_input_shape = _legacy_input_shape(kwargs)
        if kwargs:
            raise ValueError(f"{cls} does not take the argument {next(iter(kwargs))!r}.")
        self.dtype_policy = dtype_policy.get(dtype)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.autocast = autocast
        self.input_spec: Any = None
        self.supports_masking = overrides(self, "compute_mask", Layer)
        self._makes_mask = self.supports_masking
        self._warned_of_mask = False
        self._path: str | None = None
        self._build_shapes: dict[str, Any] | None = None
        self.built = not overrides(self, "build", Layer)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define call(self, inputs).")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        first = args[0] if args else None
        symbolic = False
        if (
            len(args) != 1
            or (kwargs and (len(kwargs) > 1 or "training" not in kwargs))
            or type(first) is not Tensor
            or (first.data.dtype != self.__dict__.get("_float_type") and self._casts(first))
        ):
            self._check_initialised()
            if not args and "inputs" in kwargs and "inputs" not in self._call_spec.names:
                args = (kwargs.pop("inputs"),)  # what every first argument was called in Keras 2
            args, kwargs = calls.convert_arguments(self, args, kwargs)
            first = calls.first_argument(self, args, kwargs)
            symbolic = calls.is_symbolic(args) or calls.is_symbolic(kwargs)
        if self.input_spec is not None:
            check_input(self.input_spec, first, self._called)
        if self._path is None or not self.built:
            self._prepare(args, kwargs)
        elif context.probing:
            self._generalise(args, kwargs)
        if symbolic:
            return calls.call_symbolically(self, args, kwargs)

        spec = self._call_spec
        outer, outer_training = context.layer, context.training
        mask = None
        training = outer_training
        if kwargs:
            mask = kwargs.get("mask")
            if kwargs.get("training") is not None:
                training = kwargs["training"]
            kwargs.pop("training", None)
        if spec.training_at >= len(args):
            kwargs["training"] = spec.training_default if training is None else training
        if mask is None:
            mask = first._keras_mask if type(first) is Tensor else calls.mask_of(first)
            if mask is not None and spec.mask_at >= len(args):
                kwargs["mask"] = mask
        if spec.extra_masks:
            calls.fill_masks(spec, args, kwargs)
        if outer is None and with_losses:
            self._forget_losses()
        context.layer, context.training = self, training
        try:
            outputs = self.call(*args, **kwargs)
        finally:
            context.layer, context.training = outer, outer_training
        if self.activity_regularizer is not None:
            self._penalise(self.activity_regularizer, outputs)
        if mask is not None or self._makes_mask:
            calls.attach_mask(self, first, outputs, mask)
        return outputs

    def _casts(self, tensor: Tensor) -> bool:
        self._check_initialised()
        return self.autocast and tensor.data.dtype.kind == "f"

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of that shape, batch size (or `None`) first.

        A layer that only owns other layers need not define it: they are built by running its
        `call` on inputs of that shape.

        Args:
            input_shape: a shape, or a structure of shapes.
        """
        default = not overrides(self, "build", Layer)
        if default and self._inner_layers and self._call_spec.required < 2:
            self._settle()
            self._build_shapes = {"input_shape": input_shape}
            inputs = calls.map_shapes(lambda s: KerasTensor(s, self.variable_dtype), input_shape)
            with calls.inside(self):
                calls.infer_outputs(self, (inputs,), {})
        self.built = True

    def _prepare(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Find the layer's place among the others and, the first time, build it.

        Layers inside one that has no `build` are built when it runs.
        """
        self._settle()
        if not overrides(self, "build", Layer):
            if self._build_shapes is None and self._inner_layers:
                self._build_shapes = calls.shape_arguments(self, self.build, args, kwargs)
            if calls.is_symbolic(args) and not all(layer.built for layer in self._inner_layers):
                with calls.inside(self):
                    calls.infer_outputs(self, args, kwargs)
        elif not self.built:
            self.build(**calls.shape_arguments(self, self.build, args, kwargs))
            if self.input_spec is not None:
                check_input(self.input_spec, calls.first_argument(self, args, kwargs), self._called)
        self.built = True

    def _settle(self) -> None:
        if self._path is None:
            parent = context.layer
            inside = parent is not None and parent is not self
            self._path = f"{parent.path}/{self.name}" if inside else self.name  # type: ignore[union-attr]

    def _generalise(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Note which sizes of the shapes built for were only stand-ins for unknown ones."""
        if self._build_shapes:
            shapes = calls.shape_arguments(self, self.build, args, kwargs)
            self._build_shapes = {
                name: calls.merge_shapes(shape, shapes.get(name))
                for name, shape in self._build_shapes.items()
            }

    def check_data(self, values: np.ndarray) -> None:
        """Refuse values that `call` could not use.

        Models ask the layers at their inputs before they train, judge or predict, so that no
        work is lost; a layer of any type of numbers has nothing to refuse.

        Args:
            values: all that will be given to this layer, many batches in one array.

        Raises:
            ValueError: naming a value that is wrong, and what was expected.
        """

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the outputs: that of the inputs, unless a layer says otherwise."""
        return previous_mask

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The shape of the outputs for an input shape."""
        shape = next(iter((*args, *kwargs.values())))
        inputs = calls.map_shapes(lambda s: KerasTensor(s, self.variable_dtype), shape)
        return calls.shape_of(calls.infer_outputs(self, (inputs,), {}))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic tensors of the outputs' shapes and types."""
        if not overrides(self, "compute_output_shape", Layer):
            return self._infer(args, kwargs)
        shapes = calls.shape_arguments(self, self.compute_output_shape, args, kwargs)
        return calls.map_shapes(
            lambda shape: KerasTensor(tuple(shape), self.variable_dtype),
            self.compute_output_shape(**shapes),
        )

    def _infer(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return calls.infer_outputs(self, args, kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs for symbolic inputs, as symbolic tensors that belong to no model."""
        return self.compute_output_spec(*args, **kwargs)

    def stateless_call(
        self,
        trainable_variables: Any,
        non_trainable_variables: Any,
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call the layer with the given values of its variables, and change nothing.

        Args:
            trainable_variables: a value for each of `self.trainable_variables`.
            non_trainable_variables: a value for each of `self.non_trainable_variables`.
            args: what the layer is called with.
            return_losses: whether the losses that the call added are returned, too.
            kwargs: what the layer is called with.

        Returns:
            The outputs, the values that `non_trainable_variables` then have, and the losses.

        Raises:
            ValueError: before the layer is built, or for another number of values.
        """
        if not self.built:
            raise ValueError(f"{self._called} must be built before stateless_call: call it first.")
        trained, others = self.trainable_variables, self.non_trainable_variables
        check_count(self._called, "trainable_variables", trained, trainable_variables)
        check_count(self._called, "non_trainable_variables", others, non_trainable_variables)
        values = [*trainable_variables, *non_trainable_variables]
        with given_state([*trained, *others], values):
            outputs = self(*args, **kwargs)
            left = values_of(others)
            losses = self.losses if return_losses else None
        return (outputs, left, losses) if return_losses else (outputs, left)

    @property
    def input(self) -> Any:
        """The symbolic input of the first call."""
        node = self._first_node("input")
        if not node.inputs:
            return _alone(node.outputs)
        return _alone(calls.first_argument(self, node.args, node.kwargs))

    @property
    def output(self) -> Any:
        """The symbolic output of the first call."""
        return _alone(self._first_node("output").outputs)

    @property
    def input_shape(self) -> Any:
        return calls.shape_of(self.input)

    @property
    def output_shape(self) -> Any:
        return calls.shape_of(self.output)

    def _first_node(self, wanted: str) -> Any:
        if not self.inbound_nodes:
            raise AttributeError(
                f"Layer {self.name} has no {wanted} yet: it was not called on a symbolic tensor."
            )
        return self.inbound_nodes[0]

    def get_build_config(self) -> dict[str, Any] | None:
        """The shapes the layer was built for, `None` if it needed none."""
        if self._build_shapes is None:
            return None
        if len(self._build_shapes) == 1:
            return {"input_shape": next(iter(self._build_shapes.values()))}
        return {"shapes_dict": dict(self._build_shapes)}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build for the shapes that `get_build_config` gave."""
        if "input_shape" in config:
            self.build(calls.map_shapes(_as_shape, config["input_shape"]))
        elif "shapes_dict" in config:
            shapes = config["shapes_dict"].items()
            self.build(**{name: calls.map_shapes(_as_shape, shape) for name, shape in shapes})

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as plain data.

        A subclass adds its own to those of `super().get_config()`; one that does not define it
        gets those it was constructed with, if they are plain data.
        """
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": registry.serialize(self.dtype_policy),
        }
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        if not overrides(self, "get_config", Layer):
            return automatic_config(self, config)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new layer with the arguments that `get_config` gave."""
        if isinstance(config.get("dtype"), dict):
            config = {**config, "dtype": dtype_policy.get(config["dtype"]).name}
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


Layer._call_spec = calls.CallSpec(Layer.call)


def _recording_shapes(build: Callable[..., None]) -> Callable[..., None]:
    """`build`, with the layer's place in the model known inside, and its shapes kept after."""

    @functools.wraps(build)
    def recorded(self: Layer, *args: Any, **kwargs: Any) -> None:
        self._settle()
        with calls.inside(self):
            build(self, *args, **kwargs)
        arguments = inspect.signature(build).bind(self, *args, **kwargs).arguments
        self._build_shapes = dict(list(arguments.items())[1:])
        self.built = True

    return recorded


OLDER_NAMES = {"input_shape", "input_dim", "batch_input_shape"}
OLDER_SHAPE = (
    "Layers no longer need input_shape, input_dim or batch_input_shape: begin the model with "
    "Input(shape) instead."
)


def _legacy_input_shape(kwargs: dict[str, Any]) -> tuple[int | None, ...] | None:
    """The batch input shape given in one of the ways of older Keras code, taken out."""
    if OLDER_NAMES & kwargs.keys():
        tell_once(OLDER_SHAPE)
    dimension = kwargs.pop("input_dim", None)
    shape = kwargs.pop("input_shape", None if dimension is None else (dimension,))
    batch_size = kwargs.pop("batch_size", None)
    for name in ("batch_input_shape", "batch_shape"):
        if name in kwargs:
            return tuple(kwargs.pop(name))
    return None if shape is None else (batch_size, *shape)


def _as_shape(shape: Any) -> Any:
    return None if shape is None else tuple(shape)


def _alone(tensors: Any) -> Any:
    return tensors[0] if isinstance(tensors, list | tuple) and len(tensors) == 1 else tensors
