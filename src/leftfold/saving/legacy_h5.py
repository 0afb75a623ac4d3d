"""Whole models in one HDF5 file, as Keras 2 wrote them and Keras 3 still does.

Attributes of the root hold structure and training as JSON; the group `model_weights` has a group
for each layer, whose attribute `weight_names` lists the weights in their order.
"""

from __future__ import annotations

import io
import json
import re
from typing import Any

import numpy as np

from leftfold.engine.variable import Variable
from leftfold.saving.archive import parse_json
from leftfold.saving.errors import SavingError
from leftfold.saving.hdf5_safe import attribute, close_file, find_array, find_group, open_file

ENDINGS = (".h5", ".hdf5")
_LARGEST_HEADER = 64512
"""What fits into an attribute of HDF5; longer lists of names are cut into numbered parts."""

_TOP_LEVEL = "top_level_model_weights"


class LegacyReader:
    """A whole-model `.h5` file, or one of weights by layer names.

    Args:
        source: a path, or the content as bytes or an open file.
        name: what the file is called in messages.

    Raises:
        SavingError: when it is no HDF5 file.
    """

    def __init__(self, source: Any, name: str) -> None:
        self.name = name
        self._file = open_file(source, name)

    def __enter__(self) -> LegacyReader:
        return self

    def __exit__(self, *error: object) -> None:
        close_file(self._file)

    def json(self, key: str) -> Any:
        """The plain data in an attribute, `None` where there is none."""
        text = attribute(self._file, key, self.name)
        return None if text is None else parse_json(text, f"{key} of {self.name}")

    @property
    def keras_version(self) -> str:
        """The version of Keras that wrote the file; `"1"` where it does not say so."""
        for item in (self._file, self._weights()):
            version = None if item is None else attribute(item, "keras_version", self.name)
            if isinstance(version, str):
                return version
        return "1"

    def _weights(self) -> Any:
        """The group that lists layers: the file itself, where it holds only weights."""
        inner = find_group(self._file, "model_weights", self.name)
        return self._file if inner is None else inner

    def layers(self) -> list[tuple[str, list[str]]]:
        """The layers' names in order, each with the names of its weights."""
        group = self._weights()
        return [(name, self._weight_names(group, name)) for name in self._names(group, "layer")]

    def top_level(self) -> list[str] | None:
        """The names of weights outside of all layers, `None` where nothing is said of them."""
        group = self._weights()
        if find_group(group, _TOP_LEVEL, self.name) is None:
            return None
        return self._weight_names(group, _TOP_LEVEL)

    def _weight_names(self, group: Any, layer: str) -> list[str]:
        inner = find_group(group, layer, self.name)
        if inner is None:
            raise SavingError(f"{self.name} is damaged: it lists a layer {layer} and lacks it.")
        return self._names(inner, "weight")

    def _names(self, group: Any, kind: str) -> list[str]:
        """A list of names, which may be cut into the attributes `layer_names0`, `1`, ..."""
        whole = attribute(group, f"{kind}_names", self.name)
        if whole is not None:
            return list(whole)
        names: list[str] = []
        for number in range(len(group.attrs)):
            part = attribute(group, f"{kind}_names{number}", self.name)
            if part is None:
                break
            names.extend(part)
        return names

    def arrays(self, layer: str | None, names: list[str]) -> list[Any]:
        """The data sets of a layer's weights (`None`: those outside of all layers), unread."""
        group = find_group(self._weights(), layer or _TOP_LEVEL, self.name)
        where = f"layer {layer} in {self.name}" if layer else self.name
        return [find_array(group, name, where) for name in names]

    def optimizer(self) -> list[tuple[str, Any]]:
        """The names and data sets of the optimiser's state, in order; none if there is none."""
        group = find_group(self._file, "optimizer_weights", self.name)
        if group is None:
            return []
        where = f"the optimizer in {self.name}"
        return [(name, find_array(group, name, where)) for name in self._names(group, "weight")]

    def size(self) -> int:
        """The size of the file in bytes."""
        return int(self._file.id.get_filesize())


def is_keras2(version: str) -> bool:
    """Whether files of that version speak Keras 2."""
    return re.match(r"^3\.", version) is None


def write_legacy(model: Any, config: Any, metadata: dict[str, Any]) -> memoryview:
    """The `.h5` file of a model.

    Args:
        model: a built model.
        config: the `model_config`.
        metadata: further attributes of the file; dictionaries become JSON.
    """
    import h5py

    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        for key, value in {**metadata, "model_config": config}.items():
            file.attrs[key] = value if isinstance(value, str) else json.dumps(value)
        group = file.create_group("model_weights")
        group.attrs["backend"] = metadata["backend"]
        group.attrs["keras_version"] = metadata["keras_version"]
        layers = listed_layers(model)
        _write_names(group, "layer_names", [layer.name for layer in layers])
        # In the order of names, so that no group's name begins with a later one's.
        for layer in sorted(layers, key=lambda layer: layer.name):
            _write_weights(group.create_group(layer.name), listed_weights(layer))
        _write_weights(group.create_group(_TOP_LEVEL), model._own_variables())
        if "training_config" in metadata and model.optimizer.variables:
            _write_weights(file.create_group("optimizer_weights"), model.optimizer.variables)
    return memory.getbuffer()


def listed_layers(model: Any) -> list[Any]:
    """The layers of a model in the order in which a file lists them."""
    return list(model.layers)


def listed_weights(layer: Any) -> list[Variable]:
    """The weights of a layer in the order in which a file lists them."""
    return list(layer.trainable_weights) + list(layer.non_trainable_weights)


def _write_weights(group: Any, variables: list[Variable]) -> None:
    names = unique_names([variable.path for variable in variables])
    _write_names(group, "weight_names", names)
    for name, variable in zip(names, variables, strict=True):
        group.create_dataset(name, data=variable.numpy())


def unique_names(paths: list[str]) -> list[str]:
    """Names that differ, and of which none lies inside another.

    Example:
        >>> unique_names(["a/b", "a/b", "c"])
        ['a/b', 'a/b_1', 'c']
    """
    taken: set[str] = set()
    names = []
    for path in paths:
        name, number = path, 0
        while name in taken:
            number += 1
            name = f"{path}_{number}"
        taken.add(name)
        names.append(name)
    return names


def _write_names(group: Any, key: str, names: list[str]) -> None:
    encoded = np.asarray([name.encode("utf-8") for name in names], dtype="S" if names else "S1")
    parts = -(-encoded.nbytes // _LARGEST_HEADER)
    if parts <= 1:
        group.attrs[key] = encoded
        return
    for number, part in enumerate(np.array_split(encoded, parts)):
        group.attrs[f"{key}{number}"] = part
