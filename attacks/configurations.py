"""Configurations: nesting, sizes that are none, code, classes of others, graphs without end."""

from __future__ import annotations

import base64
import json
import marshal
from pathlib import Path
from typing import Any

from attacks import CANARY, attack, honest
from attacks.honest import layer, with_config, with_layers


@attack
def deep_nesting(folder: Path) -> Path:
    """Brackets until the parser's stack overflows."""
    return with_config(folder, b"[" * 500_000 + b"]" * 500_000)


@attack
def deep_objects(folder: Path) -> Path:
    """Models inside models, two hundred deep."""
    model: Any = layer("Dense", units=1)
    for _ in range(200):
        model = {"class_name": "Sequential", "config": {"layers": [model]}}
    return with_config(folder, {**model, "module": "keras", "registered_name": None})


@attack
def millions_of_lists(folder: Path) -> Path:
    """Twenty megabytes of text that would be gigabytes of objects."""
    return with_config(folder, b"[" + b"[]," * 7_000_000 + b"[]]")


@attack
def fifty_thousand_layers(folder: Path) -> Path:
    """A model that takes minutes to build."""
    return with_layers(folder, *[layer("Dropout", rate=0.1) for _ in range(50_000)])


@attack
def number_of_a_million_digits(folder: Path) -> Path:
    """An integer that takes minutes to read."""
    text = json.dumps(honest.config()).replace('"units": 1', '"units": ' + "9" * 1_000_000)
    return with_config(folder, text.encode())


@attack
def sizes_that_are_no_numbers(folder: Path) -> Path:
    """NaN units."""
    return with_layers(folder, layer("LSTM", units=float("nan")))


@attack
def infinite_sizes(folder: Path) -> Path:
    """Infinitely many units."""
    return with_layers(folder, layer("LSTM", units=float("inf")))


@attack
def negative_sizes(folder: Path) -> Path:
    """Minus three units."""
    return with_layers(folder, layer("Dense", units=-3))


@attack
def absurd_sizes(folder: Path) -> Path:
    """A kernel of exabytes."""
    return with_layers(folder, layer("Dense", units=1 << 60))


@attack
def absurd_vocabulary(folder: Path) -> Path:
    """A table of terabytes."""
    return with_layers(
        folder, layer("Embedding", input_dim=1 << 40, output_dim=64), shape=(None, 4)
    )


@attack
def absurd_input(folder: Path) -> Path:
    """An input of terabytes."""
    return with_layers(folder, layer("GRU", units=2), shape=(None, 1 << 40, 2))


@attack
def negative_input(folder: Path) -> Path:
    """An input of negative length."""
    return with_layers(folder, layer("GRU", units=2), shape=(None, -4, 2))


@attack
def absurd_repetition(folder: Path) -> Path:
    """No weights, and outputs of terabytes."""
    return with_layers(folder, layer("RepeatVector", n=1 << 40), shape=(None, 4))


@attack
def absurd_padding(folder: Path) -> Path:
    """Zeros without end around a sequence."""
    return with_layers(folder, layer("ZeroPadding1D", padding=1 << 40))


@attack
def absurd_stretching(folder: Path) -> Path:
    """Every step a trillion times."""
    return with_layers(folder, layer("UpSampling1D", size=1 << 40))


@attack
def absurd_kernel(folder: Path) -> Path:
    """A convolution over a trillion steps."""
    return with_layers(folder, layer("Conv1D", filters=1, kernel_size=1 << 40, padding="same"))


@attack
def absurd_stretching_in_steps(folder: Path) -> Path:
    """A thousandfold, a thousandfold, a thousandfold."""
    return with_layers(folder, *[layer("UpSampling1D", size=1000) for _ in range(4)])


@attack
def compiled_lambda(folder: Path) -> Path:
    """Marshalled bytecode that would run when the layer is called."""
    source = f"(lambda x: open({str(folder.parent / CANARY)!r}, 'w'))"
    code = base64.b64encode(marshal.dumps(eval(source).__code__)).decode()
    function = {"class_name": "__lambda__", "config": {"value": [code, None, None]}}
    return with_layers(folder, layer("Lambda", function=function))


def _object(folder: Path, module: str, name: str, registered: Any = None, **config: Any) -> Path:
    data = {"module": module, "class_name": name, "config": config, "registered_name": registered}
    return with_config(folder, data)


@attack
def class_of_the_operating_system(folder: Path) -> Path:
    """`os.system` as a class."""
    return _object(folder, "os", "system", command=f"touch {folder.parent / CANARY}")


@attack
def built_in_function(folder: Path) -> Path:
    """`eval` as a class."""
    return _object(folder, "builtins", "eval", source="1")


@attack
def function_of_the_operating_system(folder: Path) -> Path:
    """`os.system` as an activation."""
    function = {"module": "os", "class_name": "function", "config": "system"}
    return with_layers(folder, layer("Dense", units=1, activation=function))


@attack
def helper_of_keras(folder: Path) -> Path:
    """`keras.utils.get_file`, which loads from the network."""
    return _object(folder, "keras.utils", "get_file", fname=CANARY, origin="http://localhost:1/x")


@attack
def module_inside_out(folder: Path) -> Path:
    """Names that a careless look-up would follow through our own modules."""
    return _object(folder, "keras.layers.layer.inspect.os", "system", "keras.layers>os.system")


@attack
def vocabulary_in_a_file(folder: Path) -> Path:
    """A layer that would read a file of the victim's."""
    return with_layers(folder, layer("StringLookup", vocabulary="/etc/passwd"), shape=(None, 4))


def _call(name: str) -> dict[str, Any]:
    tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}}
    return {"args": [tensor], "kwargs": {}}


def _graph(folder: Path, *calls: tuple[str, str]) -> Path:
    layers = [
        {
            "class_name": "InputLayer",
            "config": {"batch_shape": [None, 2], "name": "x"},
            "name": "x",
            "inbound_nodes": [],
        }
    ]
    for name, source in calls:
        entry = layer("Dense", units=2, name=name)
        layers.append({**entry, "name": name, "inbound_nodes": [_call(source)]})
    inner = {"name": "m", "layers": layers, "input_layers": [["x", 0, 0]]}
    inner["output_layers"] = [[calls[-1][0], 0, 0]]
    data = {"module": "keras", "class_name": "Functional", "registered_name": None}
    return with_config(folder, {**data, "config": inner})


@attack
def calls_in_a_circle(folder: Path) -> Path:
    """Two layers that wait for each other."""
    return _graph(folder, ("a", "b"), ("b", "a"))


@attack
def call_of_itself(folder: Path) -> Path:
    """A layer that reads its own output."""
    return _graph(folder, ("a", "a"))


@attack
def call_of_nothing(folder: Path) -> Path:
    """A layer that reads what is not there."""
    return _graph(folder, ("a", "missing"))


@attack
def two_layers_of_one_name(folder: Path) -> Path:
    """A name for two layers, one of which gets lost."""
    return _graph(folder, ("a", "x"), ("a", "x"), ("b", "a"))


@attack
def absurd_operation(folder: Path) -> Path:
    """No layer: an operation that repeats each number a trillion times."""
    entry = {"class_name": "InputLayer", "name": "x", "inbound_nodes": []}
    entry["config"] = {"batch_shape": [None, 2], "name": "x"}
    settings = {"name": "r", "repeats": 1 << 40, "axis": -1}
    repeat = {"module": "keras.src.ops.numpy", "class_name": "Repeat", "config": settings}
    repeat |= {"registered_name": "Repeat", "name": "r", "inbound_nodes": [_call("x")]}
    inner = {"name": "m", "layers": [entry, repeat], "input_layers": [["x", 0, 0]]}
    inner["output_layers"] = [["r", 0, 0]]
    data = {"module": "keras", "class_name": "Functional", "registered_name": None}
    return with_config(folder, {**data, "config": inner})


@attack
def calls_that_double(folder: Path) -> Path:
    """Each model calls the one inside twice: thirty levels are a billion calls."""
    model = honest.config()
    inner = {"class_name": "Dense", "config": {"units": 2, "name": "m0"}, "module": "keras.layers"}
    for level in range(1, 31):
        name = f"m{level - 1}"
        entry = {"class_name": "InputLayer", "name": "x", "inbound_nodes": []}
        entry["config"] = {"batch_shape": [None, 2], "name": "x"}
        twice = {**inner, "name": name, "inbound_nodes": [_call("x"), _call(name)]}
        last = [name, 1 if level == 1 else 2, 0]
        config = {"name": f"m{level}", "layers": [entry, twice]}
        config |= {"input_layers": [["x", 0, 0]], "output_layers": [last]}
        inner = {"class_name": "Functional", "config": config, "module": "keras"}
    return with_config(folder, {**inner, "registered_name": model["registered_name"]})
