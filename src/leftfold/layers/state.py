"""What a layer holds: its variables and the layers inside it."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from leftfold import constraints, initializers, regularizers
from leftfold.engine import Variable, limits
from leftfold.engine.changes import note_change
from leftfold.engine.legacy import tell_once
from leftfold.engine.random import SeedGenerator
from leftfold.layers import dtype_policy, tracking
from leftfold.metrics.metric import Metric


def _name_may_come_first(add_weight: Callable[..., Variable]) -> Callable[..., Variable]:
    """`add_weight`, which in Keras 2 took the name first: `add_weight("kernel", shape=...)`."""

    @functools.wraps(add_weight)
    def either(self: Any, *args: Any, **kwargs: Any) -> Variable:
        if args and isinstance(args[0], str):
            tell_once("add_weight takes the shape first, and the name by keyword: name='...'.")
            kwargs = dict(zip(_OLDER_ORDER, args, strict=False)) | kwargs
            args = ()
        return add_weight(self, *args, **kwargs)

    return either


_OLDER_ORDER = ("name", "shape", "dtype", "initializer", "regularizer", "trainable", "constraint")


class LayerState:
    """The half of `Layer` that owns variables and layers."""

    name: str
    _path: str | None
    _untracked = frozenset(
        {
            "_arguments",
            "_batch_input_shape",
            "_build_shapes",
            "_found",
            "_losses",
            "_weights",
            "inbound_nodes",
            "input_spec",
        }
    )
    """Attributes in which no variables or layers are looked for."""

    def _start_state(self, trainable: bool) -> None:
        if not isinstance(trainable, bool):
            raise ValueError(
                f"{type(self).__name__} expected trainable to be True or False, got {trainable!r}."
            )
        self._trainable = trainable
        self._weights: list[tuple[Variable, bool]] = []
        self._losses: list[Any] = []
        self._found: dict[str, Any] = {}
        self._found_at = -1
        tracking.touch()

    def _check_initialised(self) -> None:
        if "_weights" not in self.__dict__:
            raise RuntimeError(
                f"{type(self).__name__} must call super().__init__() first in its __init__()."
            )

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._untracked:
            if isinstance(value, _OWNABLE):
                value = tracking.tracked(value)
                self._adopt(value)
                tracking.touch()
            elif isinstance(self.__dict__.get(name), _OWNABLE):
                tracking.touch()
        changes = self.__dict__.get(name) is not value
        object.__setattr__(self, name, value)
        if changes:
            note_change()

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        tracking.touch()

    @property
    def dtype_policy(self) -> dtype_policy.DTypePolicy:
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        self._dtype_policy = dtype_policy.get(value)
        self._float_type = np.dtype(self._dtype_policy.variable_dtype)

    @property
    def dtype(self) -> str:
        """Element type of the weights."""
        return self._dtype_policy.variable_dtype

    @property
    def variable_dtype(self) -> str:
        """Element type of the weights, and of the arrays that the layer takes and gives."""
        return self._dtype_policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """Element type of the layer's products: that of the weights, or `"bfloat16"`."""
        return self._dtype_policy.compute_dtype

    @property
    def _bfloat16(self) -> bool:
        """Whether the layer's products round their operands to bfloat16."""
        return self._dtype_policy.compute_dtype == "bfloat16"

    @property
    def path(self) -> str:
        """The layer's name behind those of the layers it was built in."""
        return self._path or self.name

    @property
    def _called(self) -> str:
        """Class and name, as messages call the layer."""
        return f"{type(self).__name__} {self.name}"

    def _adopt(self, value: Any) -> None:
        known = {id(variable) for variable, _ in self.__dict__.get("_weights", ())}
        for variable in tracking.find(Variable, value):
            if id(variable) not in known:
                self._hold(variable)

    def _hold(self, variable: Variable) -> None:
        """Keep a variable among the weights, remembering whether it was made to be trained."""
        self._check_initialised()
        self._weights.append((variable, variable.trainable))
        if not self._trainable:
            variable.trainable = False
        tracking.touch()

    @_name_may_come_first
    def add_weight(
        self,
        shape: Sequence[int] | int | None = None,
        initializer: Any = None,
        dtype: str | None = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str | None = None,
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """A new variable of this layer.

        Args:
            shape: its sizes; a scalar by default.
            initializer: its first values: a name, an initialiser or an array. Glorot uniform
                by default, zeros for other types than floating point.
            dtype: element type; the layer's by default.
            trainable: whether training changes it.
            regularizer: a penalty on its values that `losses` will include.
            constraint: applied to its values after every update.
            autocast: accepted for Keras's sake.
            aggregation: accepted for Keras's sake.
            overwrite_with_gradient: accepted for Keras's sake.
            name: such as `"kernel"`.

        Raises:
            ValueError: for a shape that is not made of non-negative integers.
        """
        self._check_initialised()
        shape = _weight_shape(shape, name, type(self).__name__, self.name)
        dtype = np.dtype(dtype or self.variable_dtype).name
        if initializer is None:
            initializer = "glorot_uniform" if "float" in dtype else "zeros"
        limits.spend(shape, dtype, f"{self.path}/{name}")
        values = np.asarray(initializers.get(initializer)(shape, dtype=dtype))
        if values.shape != shape:
            raise ValueError(
                f"The initializer of {name!r} in {self.name} gave shape {values.shape}, "
                f"expected {shape}."
            )
        variable = Variable(values, trainable=trainable, dtype=dtype, name=name)
        variable.path = f"{self.path}/{variable.name}"
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        self._hold(variable)
        return variable

    def _own_variables(self) -> list[Variable]:
        """The variables of this very layer, those made to be trained first."""
        return [v for v, trains in self._weights if trains] + [
            v for v, trains in self._weights if not trains
        ]

    def save_own_variables(self, store: Any) -> None:
        """Put the variables of this very layer into a file: `store["0"] = values` and so on."""
        for index, variable in enumerate(self._own_variables()):
            store[str(index)] = variable

    def load_own_variables(self, store: Any) -> None:
        """Take the variables of this very layer out of a file, as `save_own_variables` put them."""
        for index, variable in enumerate(self._own_variables()):
            variable.assign(store[str(index)])

    @property
    def _inner_layers(self) -> list[Any]:
        """The layers directly inside this one, in the order of the attributes they are in."""
        return self._lookup("layers")

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list[Any]:
        """This layer and all inside it, outer ones first, each once.

        Args:
            include_self: whether this layer comes first.
            recursive: whether layers inside those directly inside follow.
        """
        layers = self._lookup("all") if recursive else [self, *self._inner_layers]
        return layers if include_self else layers[1:]

    @property
    def _seed_generators(self) -> list[SeedGenerator]:
        """The sources of randomness of this very layer."""
        attributes = [value for name, value in vars(self).items() if name not in self._untracked]
        return tracking.unique(tracking.find(SeedGenerator, attributes))

    def _lookup(self, which: str) -> list[Any]:
        if self._found_at != tracking.version():
            own = self.__dict__  # what is found again is no change
            own["_found"] = {"layers": self._find_layers()}
            own["_found_at"] = tracking.version()
            layers = self._found["all"] = tracking.unique(self._walk(set()))
            owned = [variable for layer in layers for variable in layer._own_variables()]
            self._found["weights"] = tracking.unique(owned)
            self._found["seeds"] = [g.state for layer in layers for g in layer._seed_generators]
        return self._found[which]

    def _walk(self, seen: set[int]) -> Iterable[LayerState]:
        if id(self) in seen:
            return
        seen.add(id(self))
        yield self
        for layer in self._inner_layers:
            yield from layer._walk(seen)

    def _find_layers(self) -> list[LayerState]:
        attributes = [value for name, value in vars(self).items() if name not in self._untracked]
        return [
            layer
            for layer in tracking.unique(tracking.find(LayerState, attributes))
            if layer is not self
        ]

    def _state_children(self) -> list[tuple[str, Any]]:
        """Attribute and layer (or container of layers), in the order in which files list them."""
        return [
            (name, value)
            for name, value in sorted(vars(self).items())
            if name not in self._untracked
            and next(tracking.find(LayerState, value), None) is not None
        ]

    @property
    def weights(self) -> list[Variable]:
        """All variables of this layer and of those inside it."""
        return list(self._lookup("weights"))

    @property
    def variables(self) -> list[Variable]:
        """The weights, then the states of all sources of randomness inside."""
        return [*self._lookup("weights"), *self._lookup("seeds")]

    @property
    def trainable_weights(self) -> list[Variable]:
        """The variables that training changes."""
        return [v for v in self._lookup("weights") if v.trainable] if self._trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The variables that training leaves alone."""
        return [v for v in self._lookup("weights") if not v.trainable or not self._trainable]

    @property
    def trainable_variables(self) -> list[Variable]:
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that training leaves alone, and the states of sources of randomness."""
        return [*self.non_trainable_weights, *self._lookup("seeds")]

    @property
    def trainable(self) -> bool:
        """Whether training may change this layer; setting it reaches every layer inside."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for variable, made_to_be_trained in self._weights:
            if made_to_be_trained:
                variable.trainable = self._trainable
        for layer in self._inner_layers:
            layer.trainable = value
        tracking.touch()

    @property
    def metrics(self) -> list[Any]:
        """The metrics kept in attributes of this layer, then those of the layers inside."""
        layers = self._lookup("all")
        attributes = [vars(layer) for layer in layers]
        return tracking.unique(tracking.find(Metric, attributes))

    @property
    def metrics_variables(self) -> list[Variable]:
        """The state of all metrics."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def count_params(self) -> int:
        """The number of single numbers in all variables.

        Raises:
            ValueError: before the layer is built, when that number is not known.
        """
        if not self.built:  # type: ignore[attr-defined]
            raise ValueError(
                f"{type(self).__name__} {self.name} has no weights to count yet: call it on data, "
                "begin the model with Input(...), or call build(input_shape)."
            )
        return sum(math.prod(variable.shape) for variable in self.weights)

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all variables' values, in the order of `weights`."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replace the values of all variables.

        Args:
            weights: one array for each of `self.weights`, in order and of its shape.

        Raises:
            ValueError: when number or shapes differ; nothing is changed then.
        """
        expected = self.weights
        arrays = [np.asarray(values) for values in weights]
        if len(arrays) != len(expected):
            raise ValueError(
                f"Layer {self.name} expected {len(expected)} weights "
                f"({', '.join(v.name for v in expected) or 'it has none'}), got {len(arrays)}."
            )
        for variable, values in zip(expected, arrays, strict=True):
            if values.shape != variable.shape:
                raise ValueError(
                    f"Layer {self.name} expected shape {variable.shape} for weight "
                    f"{variable.path}, got {values.shape}."
                )
        for variable, values in zip(expected, arrays, strict=True):
            variable.assign(values)


_OWNABLE = (LayerState, Variable, SeedGenerator, list, dict, tuple)


def _weight_shape(shape: Any, name: str | None, cls: str, layer: str) -> tuple[int, ...]:
    if isinstance(shape, int | np.integer):
        shape = (shape,)
    shape = () if shape is None else tuple(shape)
    if not all(isinstance(n, int | np.integer) and n >= 0 for n in shape):
        raise ValueError(
            f"{cls} {layer} expected sizes known when it is built for its weight {name!r}, "
            f"got shape {shape}."
        )
    return tuple(int(n) for n in shape)
