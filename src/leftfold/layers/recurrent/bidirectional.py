"""`Bidirectional`: the same sequence read in both directions."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold import ops
from leftfold.engine import KerasTensor, registry
from leftfold.layers.call import map_shapes
from leftfold.layers.layer import Layer
from leftfold.layers.serialization import deserialize, known_layer

_MERGE_MODES = ("sum", "mul", "ave", "concat", None)
_SHARED = ("stateful", "return_sequences", "return_state")


@known_layer
class Bidirectional(Layer):
    """Reads each sequence forwards with one recurrent layer and backwards with another.

    Both are new layers, made from the configuration of `layer`. With `return_sequences`, masked
    steps give zeros.

    Args:
        layer: a recurrent layer, such as `LSTM(32)`.
        merge_mode: how the two outputs become one: `"concat"`, `"sum"`, `"ave"`, `"mul"`; or
            `None` for both outputs.
        weights: first values of all weights, those of the forward layer first.
        backward_layer: another layer for the backward direction, with `go_backwards=True` and
            otherwise the same settings.

    Call arguments:
        sequences: (batch, timesteps, features).
        initial_state: the states of the forward layer, then those of the backward layer.
        mask: boolean, (batch, timesteps); where it is `False`, a row skips the step.
        training: passed on to both layers.

    Example:
        >>> import numpy as np
        >>> from leftfold import layers
        >>> layers.Bidirectional(layers.LSTM(4))(np.ones((2, 7, 3))).shape
        (2, 8)
    """

    steady = True

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        for argument, value in (("layer", layer), ("backward_layer", backward_layer)):
            missing = [name for name in ("go_backwards", *_SHARED) if not hasattr(value, name)]
            if missing and (value is not None or argument == "layer"):
                raise ValueError(
                    f"Bidirectional expected {argument} to be a recurrent layer with "
                    f"{', '.join(missing)}, got {value!r}."
                )
        if merge_mode not in _MERGE_MODES:
            raise ValueError(
                "Bidirectional expected merge_mode to be 'sum', 'mul', 'ave', 'concat' or None, "
                f"got {merge_mode!r}."
            )
        super().__init__(**kwargs)
        self.forward_layer = _anew(layer, name=_directed("forward", layer.name))
        if backward_layer is None:
            name = _directed("backward", layer.name)
            backward_layer = _anew(layer, name=name, go_backwards=True)
        self.backward_layer = backward_layer
        self._check_directions()
        for each in (self.forward_layer, self.backward_layer):
            if hasattr(each, "zero_output_for_mask"):
                each.zero_output_for_mask = each.return_sequences
        self.merge_mode = merge_mode
        self.stateful = layer.stateful
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.supports_masking = True
        self.input_spec = layer.input_spec
        self._first_weights = weights and [np.asarray(values) for values in weights]

    def _check_directions(self) -> None:
        forward, backward = self.forward_layer, self.backward_layer
        if forward.go_backwards == backward.go_backwards:
            raise ValueError(
                "Bidirectional expected its layers to differ in go_backwards, both have "
                f"{forward.go_backwards}."
            )
        for name in _SHARED:
            if getattr(forward, name) != getattr(backward, name):
                raise ValueError(
                    f"Bidirectional expected its layers to agree in {name}, got "
                    f"{getattr(forward, name)} forwards and {getattr(backward, name)} backwards."
                )

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build both layers."""
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
        if self._first_weights:
            self.set_weights(self._first_weights)
        self.input_spec = self.forward_layer.input_spec
        self.built = True

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool | None = None,
    ) -> Any:
        forward_state, backward_state = self._halves(initial_state)
        shared = {"mask": mask, "training": training}
        forward = self.forward_layer(sequences, initial_state=forward_state, **shared)
        backward = self.backward_layer(sequences, initial_state=backward_state, **shared)
        states: tuple[Any, ...] = ()
        if self.return_state:
            states = (*forward[1:], *backward[1:])
            forward, backward = forward[0], backward[0]
        if self.return_sequences:
            backward = ops.flip(backward, axis=1)
        merged = self._merge(forward, backward)
        if not self.return_state:
            return merged
        return (*merged, *states) if self.merge_mode is None else (merged, *states)

    def _halves(self, initial_state: Any) -> tuple[Any, Any]:
        if initial_state is None:
            return None, None
        if not isinstance(initial_state, list | tuple) or len(initial_state) % 2:
            raise ValueError(
                f"{self._called} expected initial_state to be a list, the forward states and then "
                f"as many backward states, got {_number_of(initial_state)}."
            )
        half = len(initial_state) // 2
        return list(initial_state[:half]), list(initial_state[half:])

    def _merge(self, forward: Any, backward: Any) -> Any:
        if self.merge_mode == "concat":
            return ops.concatenate([forward, backward], axis=-1)
        if self.merge_mode == "sum":
            return forward + backward
        if self.merge_mode == "ave":
            return (forward + backward) / 2
        if self.merge_mode == "mul":
            return forward * backward
        return forward, backward

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """The shape of the output or outputs, with `return_state` followed by the states'."""
        forward, backward = (
            layer.compute_output_shape(sequences_shape)
            for layer in (self.forward_layer, self.backward_layer)
        )
        states: tuple[Any, ...] = ()
        if self.return_state:
            states = (*forward[1:], *backward[1:])
            forward, backward = forward[0], backward[0]
        if self.merge_mode is None:
            return (forward, backward, *states)
        if self.merge_mode == "concat":
            forward = (*forward[:-1], forward[-1] + backward[-1])
        return (forward, *states) if states else forward

    def compute_output_spec(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = None
    ) -> Any:
        """Symbolic outputs, without running a step."""
        halves = self._halves(initial_state)
        for layer, states in zip((self.forward_layer, self.backward_layer), halves, strict=True):
            layer.compute_output_spec(sequences, initial_state=states)
        shapes = self.compute_output_shape(sequences.shape)
        return map_shapes(lambda shape: KerasTensor(shape, self.variable_dtype), shapes)

    def compute_mask(self, sequences: Any, mask: Any = None) -> Any:
        """The mask for every output, `None` for the states."""
        if isinstance(mask, list | tuple):
            mask = mask[0]
        outputs = 2 if self.merge_mode is None else 1
        return [mask if self.return_sequences else None] * outputs

    def reset_state(self) -> None:
        """Begin the next batch from zeros again, in both directions."""
        if not self.stateful:
            raise AttributeError(f"{self._called} is not stateful: it has no state to reset.")
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def reset_states(self) -> None:
        """The same as `reset_state`."""
        self.reset_state()

    @property
    def states(self) -> Any:
        """The states kept between batches, those of the forward layer first."""
        forward, backward = self.forward_layer.states, self.backward_layer.states
        return None if forward is None or backward is None else (*forward, *backward)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "merge_mode": self.merge_mode,
            "layer": registry.serialize(self.forward_layer),
            "backward_layer": registry.serialize(self.backward_layer),
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Any:
        config = dict(config)
        for name in ("layer", "backward_layer"):
            config[name] = deserialize(config.get(name), custom_objects)
        return super().from_config(config)


def _anew(layer: Any, **changes: Any) -> Any:
    """A layer like `layer` with weights of its own."""
    classes = {type(each).__name__: type(each) for each in layer._flatten_layers()}
    with registry.custom_object_scope(classes):
        again = type(layer).from_config({**layer.get_config(), **changes})
    if hasattr(layer, "use_cudnn"):
        again.use_cudnn = layer.use_cudnn  # Keras keeps it, but not in the configuration
    return again


def _directed(direction: str, name: str) -> str:
    return f"{direction}_{name.removeprefix(f'{direction}_')}"


def _number_of(states: Any) -> str:
    return f"{len(states)} states" if isinstance(states, list | tuple) else repr(states)
