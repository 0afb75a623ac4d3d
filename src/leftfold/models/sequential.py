"""`Sequential`: one layer after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leftfold.engine import KerasTensor
from leftfold.engine.naming import auto_name
from leftfold.engine.tensor import TEXT
from leftfold.layers import Embedding, InputLayer, Layer, tracking
from leftfold.layers.call import inside, is_shape
from leftfold.layers.serialization import deserialize, known_layer, serialize
from leftfold.models.functional import Functional
from leftfold.models.model import Model


@known_layer
class Sequential(Model):
    """A model in which each layer's output is the next one's input.

    Args:
        layers: the layers in order, `Input(...)` in front if the shape is known; without it the
            weights are made when the model first sees data.
        trainable: whether training changes the weights.
        name: the model's name.

    Raises:
        ValueError: for two layers of the same name.
        TypeError: for what is not a layer.

    Example:
        >>> from leftfold.layers import Dense, Input
        >>> model = Sequential([Input((4,)), Dense(3), Dense(1)])
        >>> model.output_shape
        (None, 1)
    """

    _keras_module = "keras"
    steady = True
    _untracked = Model._untracked | {"_chain", "_tensors", "_functional"}

    def __init__(
        self,
        layers: Sequence[Any] | None = None,
        trainable: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(trainable=trainable, name=name)
        self._chain: list[Layer] = []
        self._input_layer: InputLayer | None = None
        self._tensors: list[Any] = []
        self._functional: Functional | None = None
        self._shape_from_data = False
        self.supports_masking = True
        self._makes_mask = False
        self.built = False
        if isinstance(layers, Layer):
            raise TypeError(f"Sequential expected a list of layers, got the layer {layers.name}.")
        for layer in layers or []:
            self.add(layer, rebuild=False)
        self._count_graph()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer behind the last one.

        Args:
            layer: a layer, or in front of the others the tensor that `Input` gave.
            rebuild: accepted as in Keras; it decides only how later models are called.
        """
        if isinstance(layer, KerasTensor) and layer.history:
            layer = layer.history[0]
        if not isinstance(layer, Layer):
            raise ValueError(f"Sequential.add expected a layer, got {layer!r}.")
        if isinstance(layer, InputLayer):
            if self._chain or self._input_layer:
                raise ValueError(
                    f"Sequential {self.name} expected Input once and in front of all layers."
                )
            self._input_layer = layer
            self._tensors = [layer.output]
            return
        if any(other.name == layer.name and other is not layer for other in self._chain):
            raise ValueError(
                f"Sequential {self.name} already has a layer called {layer.name!r}: give one of "
                "them another name=."
            )
        if not self._chain and self._input_layer is None:
            shape = _known_input_shape(layer)
            if shape is not None:
                self._input_layer = InputLayer(batch_shape=shape, dtype=_input_dtype(layer))
                self._tensors = [self._input_layer.output]
        self._chain.append(layer)
        self._change()
        if len(self._tensors) == len(self._chain):
            try:
                with inside(self):
                    self._extend(layer)
            except Exception:
                self.pop()
                raise
        if rebuild:
            self._count_graph()

    def _count_graph(self) -> None:
        """Count the functional model that Keras makes inside, so that others are called alike."""
        if len(self._tensors) > 1:
            auto_name("functional")

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer off and return it."""
        if not self._chain:
            raise ValueError(f"Sequential {self.name} has no layers to take off.")
        layer = self._chain.pop()
        del self._tensors[len(self._chain) + 1 :]
        self._change()
        self.built = len(self._tensors) > 1
        return layer

    def _change(self) -> None:
        """Forget what depends on the list of layers."""
        self._functional = None
        self.built = False
        tracking.touch()

    def _extend(self, layer: Layer) -> None:
        """Call the layer on the last symbolic tensor; give up silently where it has no shape."""
        try:
            self._tensors.append(layer(self._tensors[-1]))
        except NotImplementedError:
            return
        self._build_shapes = {"input_shape": self._tensors[0].shape}
        self.built = True

    @property
    def reads_texts(self) -> bool:  # type: ignore[override]
        return self.input_dtype == TEXT or (bool(self._chain) and self._chain[0].reads_texts)

    @property
    def input_dtype(self) -> str:
        """The element type of what the first layer takes."""
        if self._input_layer is not None:
            return self._input_layer.input_dtype
        first = self._chain[0] if self._chain else self
        return self.variable_dtype if first is self else _input_dtype(first)

    def build(self, input_shape: Any = None) -> None:
        """Make the weights for inputs of that shape, batch size (or `None`) first."""
        if not self._chain:
            raise ValueError(f"Sequential {self.name} has no layers: add some before building it.")
        if self._input_layer is None:
            if not is_shape(input_shape):
                return
            self._input_layer = InputLayer(batch_shape=input_shape, dtype=self.input_dtype)
            self._tensors = [self._input_layer.output]
        elif input_shape is not None and not _agree(input_shape, self._input_layer.batch_shape):
            raise ValueError(
                f"Sequential {self.name} was made for inputs of shape "
                f"{self._input_layer.batch_shape}, and cannot be built for {tuple(input_shape)}."
            )
        known = len(self._tensors)
        for layer in self._chain[known - 1 :]:
            self._extend(layer)
        if len(self._tensors) > known:
            self._count_graph()

    def _prepare(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._settle()
        if not self.built:
            known = self._input_layer and self._input_layer.batch_shape
            self._shape_from_data = not known
            self.build(known or self._varying(args[0] if args else None))

    def _varying(self, inputs: Any) -> Any:
        """The shape to build for: any batch size, unless states are kept between batches."""
        shape = getattr(inputs, "shape", None)
        if shape is None or any(getattr(layer, "stateful", False) for layer in self._chain):
            return shape
        return (None, *shape[1:])

    @property
    def _graph(self) -> Functional | None:
        """The same model as a functional one, `None` while the input's shape is not known."""
        if self._functional is None and self._chain and len(self._tensors) == len(self._chain) + 1:
            self._functional = Functional(self._tensors[0], self._tensors[-1], name=self.name)
            self._functional.any_sizes = self._shape_from_data or self.any_length
        return self._functional

    @property
    def any_length(self) -> bool:
        """Whether sequences may be of another length than the model was made for, as in Keras."""
        return len(self._symbolic(0).shape) > 2 or isinstance(self._chain[0], Embedding)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        graph = self._graph
        if graph is not None:
            return graph.call(inputs, mask=mask)
        if mask is not None:
            inputs._keras_mask = mask
        for layer in self._chain:
            inputs = layer(inputs)
        return inputs

    def as_functional(self) -> Functional:
        """The same model as a graph.

        Raises:
            AttributeError: while the shape of its input is not known.
        """
        self._symbolic(0)
        assert self._graph is not None
        return self._graph

    def compute_output_spec(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        if self._graph is not None:
            return self._graph.compute_output_spec(inputs)
        for layer in self._chain:
            inputs = layer.compute_output_spec(inputs)
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        for layer in self._chain:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Nothing to add: masks travel through the layers inside."""
        return None

    @property
    def layers(self) -> list[Layer]:
        """The layers in order, without the input layer."""
        return list(self._chain)

    def _find_layers(self) -> list[Any]:
        others = [layer for layer in super()._find_layers() if layer is not self._input_layer]
        return tracking.unique([*self._chain, *others])

    def _state_children(self) -> list[tuple[str, Any]]:
        return [("layers", self.layers), *super()._state_children()]

    def first_layers(self) -> list[list[Layer]]:
        return [self._chain[:1]]

    def _symbolic(self, index: int) -> KerasTensor:
        if self._graph is None:
            raise AttributeError(
                f"Sequential {self.name} has no symbolic inputs and outputs yet: begin it with "
                "Input(...), or build it."
            )
        return self._tensors[index]

    @property
    def input(self) -> Any:
        return self._symbolic(0)

    @property
    def output(self) -> Any:
        return self._symbolic(-1)

    @property
    def inputs(self) -> list[KerasTensor]:
        return [self._symbolic(0)]

    @property
    def outputs(self) -> list[KerasTensor]:
        return [self._symbolic(-1)]

    @property
    def input_shape(self) -> Any:
        return self._symbolic(0).shape

    @property
    def output_shape(self) -> Any:
        return self._symbolic(-1).shape

    def get_config(self) -> dict[str, Any]:
        layers = [self._input_layer, *self._chain] if self._input_layer else self._chain
        config = super().get_config() | {"layers": [serialize(layer) for layer in layers]}
        if self._graph is not None:
            config["build_input_shape"] = self._tensors[0].shape
        return config

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        model = cls(name=config.get("name"))
        for layer in config["layers"]:
            model.add(deserialize(layer, custom_objects), rebuild=False)
        model._count_graph()
        if model._graph is None and config.get("build_input_shape") and model._chain:
            model.build(tuple(config["build_input_shape"]))
        if config.get("trainable") is False:
            model.trainable = False
        return model


def _known_input_shape(layer: Layer) -> Any:
    """The input shape that a first layer brings along: a legacy argument, or a built model's."""
    if isinstance(layer, Functional) and len(layer.inputs) == 1:
        return layer.inputs[0].shape
    if isinstance(layer, Sequential) and layer._graph is not None:
        return layer.input_shape
    return layer._batch_input_shape


def _input_dtype(layer: Layer) -> str:
    """The element type that a first layer takes."""
    if isinstance(layer, Functional):
        return str(layer.inputs[0].dtype)
    return str(getattr(layer, "input_dtype", layer.variable_dtype))


def _agree(shape: Any, known: Any) -> bool:
    return len(shape) == len(known) and all(
        n is None or m is None or n == m for n, m in zip(shape, known, strict=True)
    )
