"""`Model`: a layer that can be trained, saved and summarised."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from leftfold.layers import Layer
from leftfold.layers.serialization import known_layer
from leftfold.models.trainer import Trainer

if TYPE_CHECKING:
    from leftfold.models.quantizing import Filters


@known_layer
class Model(Trainer, Layer):
    """Layers joined into one function, with `fit`, `evaluate`, `predict`, `save`, `summary`.

    Either given by symbolic inputs and outputs (the functional way), or by a subclass that
    keeps its layers in attributes and defines `call(inputs)`.

    Args:
        inputs: symbolic tensors from `Input`, alone or in a list, tuple or dictionary.
        outputs: symbolic tensors computed from them, alone or in such a structure.
        name: the model's name.

    Raises:
        ValueError: when the outputs do not follow from the inputs.

    Example:
        >>> from leftfold.layers import Dense, Input
        >>> x = Input((3,))
        >>> Model(x, Dense(2)(x)).count_params()
        8
    """

    _keras_module = "keras"
    reads_texts = True

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model and _is_functional(args, kwargs):
            from leftfold.models.functional import Functional

            return super().__new__(Functional, *args, **kwargs)
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if _is_functional(args, kwargs):
            from leftfold.models.functional import Functional, make_functional

            make_functional(type(self))
            Functional.__init__(self, *args, **kwargs)  # type: ignore[arg-type]
            return
        if args or "inputs" in kwargs or "outputs" in kwargs:
            raise ValueError("Model expected inputs and outputs together, got only one of them.")
        Layer.__init__(self, *args, **kwargs)
        self.built = False

    @property
    def layers(self) -> list[Layer]:
        """The layers directly inside, in order."""
        return list(self._inner_layers)

    def first_layers(self) -> list[list[Layer]]:
        """For each input the layers that read it; nothing where a model's code decides."""
        return []

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by its name or its place.

        Raises:
            ValueError: when there is none; the names that there are are listed.
        """
        if (name is None) == (index is None):
            raise ValueError("get_layer expected either a name or an index.")
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ValueError(
                    f"get_layer expected an index below {len(self.layers)}, got {index}."
                )
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = ", ".join(layer.name for layer in self.layers)
        raise ValueError(f"Model {self.name} has no layer {name!r}. It has: {names}.")

    def reset_states(self) -> None:
        """Forget the states of all stateful recurrent layers."""
        for layer in self._flatten_layers()[1:]:
            if getattr(layer, "stateful", False) and not isinstance(layer, Model):
                layer.reset_state()

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: tuple[str, str] | None = None,
    ) -> None:
        """Print the layers, the shapes of their outputs and the numbers of their parameters.

        Args:
            line_length: width in characters.
            positions: where each column ends, as shares of the width.
            print_fn: called with the text instead of printing it.
            expand_nested: show the layers inside models too.
            show_trainable: add a column that says which layers are trained.
            layer_range: first and last layer to show, by names or regular expressions.
        """
        from leftfold.models.summary import print_summary

        print_summary(
            self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range
        )

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None) -> None:
        """Write the whole model into a `.keras` file.

        Args:
            filepath: where to, ending in `.keras`.
            overwrite: whether an existing file may be replaced.
            zipped: accepted as in Keras; a `.keras` file is always one file.
        """
        from leftfold import saving

        saving.save_model(self, filepath, overwrite=overwrite, zipped=zipped)

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Write the weights into a `.weights.h5` file."""
        from leftfold import saving

        saving.save_weights(self, filepath, overwrite=overwrite)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Read the weights from a `.weights.h5` or `.keras` file."""
        from leftfold import saving

        saving.load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def quantize(self, mode: str = "int8", config: Any = None, filters: Filters = None) -> None:
        """Round the matrices of recurrent, dense and embedding layers to fewer bits.

        Files then hold them in these bits: a quarter of the size for `"int8"`, half for
        `"bfloat16"`. In memory they stay float32, each exactly the number that is stored, so
        prediction is as fast as before, and the same before and after saving. Unlike in Keras,
        inputs are not rounded. A compiled model's optimiser forgets its state; a weight that is
        trained afterwards is saved in full again, with a warning.

        Args:
            mode: `"int8"`: whole numbers from -127 to 127 times a scale for each output (for each
                row of an embedding); `"bfloat16"`: the upper half of float32.
            config: only `None`; Keras's configurations choose roundings that are not offered.
            filters: which layers: a regular expression or several for their paths, or a function
                of the layer; all by default.

        Raises:
            ValueError: for another mode, a model that is not built or has no such layer, or
                weights that are not finite float32. Nothing is changed then.

        Example:
            >>> from leftfold import Input, Sequential, layers
            >>> model = Sequential([Input((None, 3)), layers.LSTM(4)])
            >>> model.quantize("int8")
            >>> len(set(model.layers[0].cell.kernel.numpy()[:, 0])) <= 255
            True
        """
        from leftfold.models.quantizing import quantize

        if config is not None:
            raise ValueError(f"quantize expected config to be None, got {config!r}.")
        quantize(self, mode, filters)

    def __reduce__(self) -> Any:
        """How `pickle` and `copy.deepcopy` see a model: as the content of its `.keras` file."""
        from leftfold import saving

        file = io.BytesIO()
        saving.save_model(self, file)
        return _from_file_content, (file.getvalue(),)

    def to_json(self, **kwargs: Any) -> str:
        """The model's structure, without weights, as JSON; `model_from_json` reads it."""
        from leftfold.saving import serialize_keras_object

        return json.dumps(serialize_keras_object(self), **kwargs)

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        """A new model from what `get_config` gave."""
        from leftfold.models.functional import takes_a_graph
        from leftfold.models.graph_config import graph_from_config, is_graph_config

        if is_graph_config(config) and takes_a_graph(cls):
            return graph_from_config(cls, config, custom_objects)
        return super().from_config(config)


def _from_file_content(content: bytes) -> Any:
    from leftfold import saving

    return saving.load_model(io.BytesIO(content))


def _is_functional(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether constructor arguments are the inputs and outputs of a graph."""
    return len(args) >= 2 or {"inputs", "outputs"}.issubset([*kwargs, *["inputs"] * len(args)])
