"""What is in a model file, told from its structure: no weights are read, no code is run."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from leftfold.engine.naming import to_snake_case
from leftfold.saving.archive import CONFIG, METADATA, WEIGHTS, Archive
from leftfold.saving.errors import SavingError
from leftfold.saving.hdf5 import Variables, WeightsReader
from leftfold.saving.hdf5_safe import read_array
from leftfold.saving.legacy_h5 import LegacyReader
from leftfold.saving.model_from_config import check_sizes
from leftfold.saving.sharded import ShardedReader

Shape = tuple[int, ...]


@dataclass
class Part:
    """A layer, or whatever else a file keeps weights for.

    Attributes:
        name: of a layer inside another model with that model's in front, `model/layer`.
        kind: its class; empty where the file does not tell.
        shapes: of its weights, in their order.
        stored: `"int8"` or `"bfloat16"` where some of them are stored in fewer bits.
    """

    name: str
    kind: str
    shapes: list[Shape] = field(default_factory=list)
    stored: str = ""

    @property
    def parameters(self) -> int:
        return sum(map(math.prod, self.shapes))


@dataclass
class Description:
    """What is in a file.

    Attributes:
        format: in words.
        writer: the program that wrote it, with its version; empty where it does not tell.
        written: when; empty where it does not tell.
        size: bytes on the disk.
        model: its class and name; empty for mere weights.
        inputs: for each input its name and shape, `None` for open sizes.
        parts: the layers in order.
        training: optimiser, steps taken, learning rate, loss, ...: what training goes on from.
    """

    format: str
    writer: str = ""
    written: str = ""
    size: int = 0
    model: str = ""
    inputs: dict[str, list[int | None]] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    training: dict[str, Any] = field(default_factory=dict)

    @property
    def parameters(self) -> int:
        """The number of single numbers in all weights, those of the optimiser left out."""
        return sum(part.parameters for part in self.parts)


def describe_keras(path: Path) -> Description:
    """A `.keras` file.

    Raises:
        SavingError: for a file that is missing, damaged or hostile.
    """
    with Archive(path) as archive:
        config = archive.read_json(CONFIG)
        metadata = archive.read_json(METADATA) if METADATA in archive else {}
        metadata = metadata if isinstance(metadata, dict) else {}
        check_sizes(config, archive.name)
        found = _of_config(config, "Keras model, .keras")
        found.writer = f"Keras {metadata.get('keras_version', '')}".strip()
        found.written = str(metadata.get("date_saved", ""))
        source, _ = archive.open(WEIGHTS)
        with WeightsReader(source, archive.name) as reader:
            stored = list(reader.objects())
            _fill_by_place(found.parts, config, stored)
            if isinstance(config, dict) and isinstance(config.get("compile_config"), dict):
                found.training = _training(config["compile_config"])
                found.training |= _progress(reader.variables("optimizer"))
    return _with_size(found, path)


def describe_legacy(path: Path) -> Description:
    """An `.h5` file, a whole model's or one of weights by layer names.

    Raises:
        SavingError: for a file that is missing, damaged or hostile.
    """
    with LegacyReader(str(path), str(path)) as reader:
        config = reader.json("model_config")
        found = Description("Keras weights, .h5")
        if config is not None:
            check_sizes(config, str(path))
            found = _of_config(config, "Keras model, .h5")
        found.writer = f"Keras {reader.keras_version}"
        kinds = {part.name: part.kind for part in found.parts}
        found.parts = [
            Part(name, kinds.get(name, ""), [d.shape for d in reader.arrays(name, weights)])
            for name, weights in reader.layers()
            if name not in found.inputs
        ]
        training = reader.json("training_config")
        if isinstance(training, dict):
            found.training = _training(training)
            for name, dataset in reader.optimizer():
                if dataset.shape == () and "iter" in name.rsplit("/", 1)[-1]:
                    found.training["steps"] = int(read_array(dataset, str(path)))
    return _with_size(found, path)


def describe_weights(path: Path) -> Description:
    """A `.weights.h5` file.

    Raises:
        SavingError: for a file that is missing, damaged or hostile.
    """
    found = Description("Keras weights, .weights.h5")
    with WeightsReader(str(path), str(path)) as reader:
        for place, variables in reader.objects():
            shapes = variables.shapes()
            if place.startswith("optimizer"):
                found.training = {"optimizer": variables.name or ""} | _progress(variables)
            elif shapes:
                found.parts.append(Part(place, "", shapes))
    return _with_size(found, path)


def describe_sharded(path: Path) -> Description:
    """A `.weights.json` file and the parts beside it.

    Raises:
        SavingError: for a file that is missing, damaged or hostile.
    """
    found = Description("Keras weights in several files, .weights.json")
    with ShardedReader(str(path), str(path)) as reader:
        for place in reader.places:
            variables = reader.variables(place)
            shapes = variables.shapes()
            if shapes and not place.startswith("optimizer"):
                found.parts.append(Part(place, "", shapes))
        size = sum(part.stat().st_size for part in reader.parts if part.exists())
    found = _with_size(found, path)
    found.size += size
    return found


def _with_size(found: Description, path: Path) -> Description:
    found.size = path.stat().st_size
    return found


def _of_config(config: Any, form: str) -> Description:
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict | list):
        raise SavingError(f"The file describes no model, but {config!r:.60}.")
    inner = config["config"]
    name = inner.get("name", "") if isinstance(inner, dict) else ""
    found = Description(form, model=f"{config.get('class_name', '')} {name}".strip())
    for data, path, _ in _layers(config):
        kind, settings = str(data.get("class_name")), data.get("config")
        if kind == "InputLayer" and isinstance(settings, dict):
            if "/" not in path:
                shape = settings.get("batch_shape", settings.get("batch_input_shape"))
                found.inputs[path] = shape if isinstance(shape, list) else []
        else:
            found.parts.append(Part(path, kind))
    return found


def _layers(config: Any, path: str = "", place: str = "") -> Iterator[tuple[Any, str, str]]:
    """Each layer of a configuration, its name, and the place of its weights in a file.

    Layers inside models are told of one by one; what other layers have inside belongs to them.
    """
    inner = config.get("config")
    layers = inner.get("layers") if isinstance(inner, dict) else inner
    counts: Counter[str] = Counter()
    for data in layers if isinstance(layers, list) else []:
        settings = data.get("config") if isinstance(data, dict) else None
        if not isinstance(settings, dict | list):
            continue
        kind = to_snake_case(str(data.get("class_name")).split(">")[-1])
        number, counts[kind] = counts[kind], counts[kind] + 1
        name = settings.get("name", "") if isinstance(settings, dict) else ""
        here = f"{path}/{name or kind}".removeprefix("/")
        there = f"{place}/layers/{kind}{f'_{number}' if number else ''}".removeprefix("/")
        if isinstance(settings, dict) and isinstance(settings.get("layers"), list):
            yield from _layers(data, here, there)
        else:
            yield data, here, there


def _fill_by_place(parts: list[Part], config: Any, stored: list[tuple[str, Variables]]) -> None:
    """Find the shapes that belong to each layer; tell of weights of no known layer as well."""
    places = {there: here for _, here, there in _layers(config)}
    named = {part.name: part for part in parts}
    for place, variables in stored:
        shapes = variables.shapes()
        if not shapes or place.split("/")[0] in ("optimizer", "metrics", "_metrics"):
            continue
        owner = next((place[:n] for n in _ends(place) if place[:n] in places), None)
        name = places[owner] if owner else place
        if name not in named:
            named[name] = Part(name, "")
            parts.append(named[name])
        named[name].shapes.extend(shapes)
        named[name].stored = named[name].stored or variables.mode()


def _ends(place: str) -> list[int]:
    """Where the names in a path end, the last first."""
    return [len(place), *(i for i in range(len(place) - 1, 0, -1) if place[i] == "/")]


def _training(compiled: dict[str, Any]) -> dict[str, Any]:
    optimizer = compiled.get("optimizer_config", compiled.get("optimizer"))
    told = {"optimizer": _called(optimizer), "loss": _called(compiled.get("loss"))}
    told["metrics"] = _called(compiled.get("metrics"))
    return {key: value for key, value in told.items() if value}


def _called(data: Any) -> Any:
    """What losses, metrics and optimisers are called, in the structure given."""
    if isinstance(data, dict) and "class_name" in data:
        config = data.get("config")
        name = data["class_name"]
        if name in ("function", "MeanMetricWrapper"):
            name = config.get("name", name) if isinstance(config, dict) else config
        return str(name).split(">")[-1]
    if isinstance(data, dict):
        return {key: _called(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_called(value) for value in data]
    return data


def _progress(stored: Variables) -> dict[str, Any]:
    """Steps taken and learning rate, the only numbers that are read."""
    told: dict[str, Any] = {}
    if "0" in stored and stored.shape("0") == ():
        told["steps"] = int(stored["0"])
        if "1" in stored and stored.shape("1") == () and np.isfinite(stored["1"]):
            told["learning_rate"] = float(str(stored["1"][()]))
    return told
