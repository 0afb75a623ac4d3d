"""ONNX files, safetensors and PyTorch's own: graphs, constants, headers and pickles that lie."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from attacks import CANARY, attack

# ONNX. A sound model has one input x of shape (batch, 4), one output y, and a constant w.


def _graph(**changes: Any) -> Any:
    from onnx import TensorProto, helper, numpy_helper

    parts: dict[str, Any] = {
        "nodes": [helper.make_node("MatMul", ["x", "w"], ["y"], name="product")],
        "inputs": [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        "outputs": [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        "constants": [numpy_helper.from_array(np.ones((4, 2), np.float32), "w")],
    } | changes
    return helper.make_graph(
        parts["nodes"], "model", parts["inputs"], parts["outputs"], parts["constants"]
    )


def _model(graph: Any) -> Any:
    from onnx import helper

    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _onnx(folder: Path, graph: Any) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(_model(graph).SerializeToString())
    return path


def _with_nodes(folder: Path, *nodes: Any, **constants: Any) -> Path:
    """Nodes that compute y, and constants as arrays or tensors by name."""
    from onnx import numpy_helper

    tensors = [
        numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()
    ]
    return _onnx(folder, _graph(nodes=list(nodes), constants=tensors))


def _node(kind: str, inputs: str, outputs: str = "y", **attributes: Any) -> Any:
    from onnx import helper

    return helper.make_node(kind, inputs.split(), outputs.split(), name="node", **attributes)


def _with_constant(folder: Path, change: Callable[[Any], Any]) -> Path:
    """The sound model with its constant changed."""
    graph = _graph()
    change(graph.initializer[0])
    return _onnx(folder, graph)


def _elsewhere(folder: Path, location: str, **entries: Any) -> Path:
    """The sound model with its constant in another file."""

    def change(tensor: Any) -> None:
        tensor.ClearField("raw_data")
        tensor.data_location = 1
        for key, value in {"location": location, **entries}.items():
            tensor.external_data.add(key=key, value=str(value))

    return _with_constant(folder, change)


@attack
def onnx_constant_of_a_huge_shape(folder: Path) -> Path:
    """Twenty bytes that ask for a terabyte when the graph runs."""
    shape = np.array([1 << 20, 1 << 18], np.int64)
    return _with_nodes(folder, _node("ConstantOfShape", "shape"), shape=shape)


@attack
def onnx_range_without_an_end(folder: Path) -> Path:
    """A range of 2^60 numbers."""
    ends = {"first": np.int64(0), "last": np.int64(1 << 60), "step": np.int64(1)}
    return _with_nodes(folder, _node("Range", "first last step"), **ends)


@attack
def onnx_tile_of_a_tile(folder: Path) -> Path:
    """Repetitions of repetitions, each below any limit."""
    nodes = [_node("Tile", f"t{i} many", f"t{i + 1}") for i in range(8)]
    start = {"t0": np.ones(1000, np.float32), "many": np.array([1000], np.int64)}
    return _with_nodes(folder, *nodes, _node("Identity", "t8"), **start)


@attack
def onnx_concat_that_doubles(folder: Path) -> Path:
    """A billion laughs: each node joins the result of the one before to itself."""
    nodes = [_node("Concat", f"t{i} t{i}", f"t{i + 1}", axis=0) for i in range(40)]
    return _with_nodes(folder, *nodes, _node("Identity", "t40"), t0=np.ones(8, np.float32))


@attack
def onnx_broadcast_of_two_vectors(folder: Path) -> Path:
    """A row plus a column of 200,000 numbers: 160 gigabytes."""
    row = np.ones((1, 200_000), np.float32)
    return _with_nodes(folder, _node("Add", "row column"), row=row, column=row.T.copy())


@attack
def onnx_product_of_two_vectors(folder: Path) -> Path:
    """A column times a row of 200,000 numbers."""
    row = np.ones((1, 200_000), np.float32)
    return _with_nodes(folder, _node("MatMul", "column row"), row=row, column=row.T.copy())


@attack
def onnx_gather_of_one_row_many_times(folder: Path) -> Path:
    """A wide row, asked for a hundred thousand times."""
    places = np.zeros(100_000, np.int64)
    row = np.ones((1, 100_000), np.float32)
    return _with_nodes(folder, _node("Gather", "row places"), row=row, places=places)


@attack
def onnx_one_hot_of_great_depth(folder: Path) -> Path:
    """A depth of 2^40."""
    given = {"ids": np.zeros(4, np.int64), "depth": np.int64(1 << 40), "ends": np.float32([0, 1])}
    return _with_nodes(folder, _node("OneHot", "ids depth ends"), **given)


@attack
def onnx_padding_of_great_width(folder: Path) -> Path:
    """A margin of 2^40 numbers."""
    pads = np.array([0, 0, 0, 1 << 40], np.int64)
    return _with_nodes(folder, _node("Pad", "x pads"), pads=pads)


@attack
def onnx_split_into_a_billion(folder: Path) -> Path:
    """A count of results that are not there."""
    return _with_nodes(folder, _node("Split", "x", num_outputs=1_000_000_000, axis=1))


@attack
def onnx_scales_in_huge_blocks(folder: Path) -> Path:
    """A block size that repeats scales without end."""
    node = _node("DequantizeLinear", "codes scales", axis=1, block_size=1 << 40)
    codes, scales = np.ones((4, 4), np.int8), np.ones((4, 2), np.float32)
    return _with_nodes(folder, node, codes=codes, scales=scales)


@attack
def onnx_pool_with_a_huge_window(folder: Path) -> Path:
    """A window of a million places, each a pass over the inputs."""
    node = _node("MaxPool", "film", kernel_shape=[100, 100, 100], pads=[99] * 6)
    return _with_nodes(folder, node, film=np.ones((1, 1, 1, 1, 1), np.float32))


@attack
def onnx_fractions_that_cannot_be_divided(folder: Path) -> Path:
    """Whole numbers divided by zero."""
    number = np.array([1], np.int64)
    return _with_nodes(folder, _node("Div", "one zero"), one=number, zero=0 * number)


@attack
def onnx_indices_outside(folder: Path) -> Path:
    """Reads behind the end of an array."""
    row = np.ones((2, 2), np.float32)
    return _with_nodes(folder, _node("Gather", "row place"), row=row, place=np.int64(1 << 40))


@attack
def onnx_lengths_beyond_the_sequence(folder: Path) -> Path:
    """sequence_lens that make a kernel read behind its inputs."""
    given = {
        "steps": np.ones((2, 1, 3), np.float32),
        "w": np.ones((1, 8, 3), np.float32),
        "r": np.ones((1, 8, 2), np.float32),
        "lengths": np.array([1 << 30], np.int32),
    }
    node = _node("LSTM", "steps w r bias lengths", hidden_size=2)
    node.input[3] = ""
    return _with_nodes(folder, node, **given)


@attack
def onnx_recurrent_weights_of_another_size(folder: Path) -> Path:
    """A recurrent matrix that is too small for its hidden_size."""
    given = {
        "steps": np.ones((2, 1, 3), np.float32),
        "w": np.ones((1, 4096, 3), np.float32),
        "r": np.ones((1, 8, 2), np.float32),
    }
    return _with_nodes(folder, _node("LSTM", "steps w r", hidden_size=1024), **given)


@attack
def onnx_circle(folder: Path) -> Path:
    """Two nodes that wait for each other."""
    return _with_nodes(folder, _node("Add", "x b", "a"), _node("Add", "x a", "b"),
                       _node("Identity", "a"))  # fmt: skip


@attack
def onnx_node_that_reads_itself(folder: Path) -> Path:
    """The smallest circle."""
    return _with_nodes(folder, _node("Add", "x y"))


@attack
def onnx_two_nodes_of_one_result(folder: Path) -> Path:
    """One value for whoever checks, another for whoever runs."""
    return _with_nodes(folder, _node("Neg", "x"), _node("Identity", "x"))


@attack
def onnx_two_constants_of_one_name(folder: Path) -> Path:
    """The same with constants."""
    graph = _graph()
    graph.initializer.append(graph.initializer[0])
    return _onnx(folder, graph)


@attack
def onnx_two_inputs_of_one_name(folder: Path) -> Path:
    """The same with inputs."""
    graph = _graph()
    graph.input.append(graph.input[0])
    return _onnx(folder, graph)


@attack
def onnx_two_outputs_of_one_name(folder: Path) -> Path:
    """The same with outputs."""
    graph = _graph()
    graph.output.append(graph.output[0])
    return _onnx(folder, graph)


@attack
def onnx_output_that_nothing_computes(folder: Path) -> Path:
    """An output without a node."""
    return _with_nodes(folder, _node("Neg", "x", "z"))


@attack
def onnx_unknown_operator(folder: Path) -> Path:
    """An operator of another domain, as plugins have them."""
    return _with_nodes(folder, _node("RunShell", "x", domain="evil", command=f"touch {CANARY}"))


@attack
def onnx_endless_loop(folder: Path) -> Path:
    """A Loop of 2^60 turns."""
    body = _graph(nodes=[_node("Identity", "x", "y")], constants=[])
    turns = {"turns": np.int64(1 << 60), "go": np.bool_(True)}
    return _with_nodes(folder, _node("Loop", "turns go x", body=body), **turns)


@attack
def onnx_graphs_inside_graphs(folder: Path) -> Path:
    """Three thousand graphs, each inside a branch of the one around it."""

    def inside(number: int, content: bytes) -> bytes:
        return _varint(number << 3 | 2) + _varint(len(content)) + content

    content = _graph().SerializeToString()
    for _ in range(3000):
        attribute = inside(1, b"then_branch") + inside(6, content) + _varint(20 << 3) + b"\x05"
        content = inside(1, inside(4, b"If") + inside(5, attribute))
    path = folder / "model.onnx"
    path.write_bytes(b"\x08\x08" + inside(7, content))
    return path


@attack
def onnx_two_million_nodes(folder: Path) -> Path:
    """A graph that never ends."""
    node = _node("Neg", "x", "z").SerializeToString()
    entry = b"\x0a" + _varint(len(node)) + node
    graph = _graph().SerializeToString() + entry * 2_000_000
    path = folder / "model.onnx"
    version = b"\x42\x02\x10\x11"
    path.write_bytes(b"\x08\x08\x3a" + _varint(len(graph)) + graph + version)
    return path


@attack
def onnx_function_that_calls_itself(folder: Path) -> Path:
    """A function of the file's own whose body is itself."""
    from onnx import helper

    own = helper.make_node("F", ["x"], ["y"], domain="own")
    version = helper.make_opsetid("own", 1)
    model = _model(_graph(nodes=[own], constants=[]))
    model.opset_import.append(version)
    model.functions.append(helper.make_function("own", "F", ["x"], ["y"], [own], [version]))
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@attack
def onnx_constant_of_negative_size(folder: Path) -> Path:
    """A shape of -4 and -2, whose product looks right."""
    return _with_constant(folder, lambda tensor: tensor.dims.__setitem__(slice(0, 2), [-4, -2]))


@attack
def onnx_constant_larger_than_its_bytes(folder: Path) -> Path:
    """A shape of a terabyte over 32 bytes."""
    return _with_constant(folder, lambda t: t.dims.__setitem__(slice(0, 2), [1 << 20, 1 << 18]))


@attack
def onnx_constant_with_a_million_axes(folder: Path) -> Path:
    """Sizes whose product takes minutes to compute."""
    return _with_constant(folder, lambda tensor: tensor.dims.extend([1 << 60] * 1_000_000))


@attack
def onnx_constant_with_too_few_numbers(folder: Path) -> Path:
    """float_data of seven numbers for a shape of eight."""

    def change(tensor: Any) -> None:
        tensor.ClearField("raw_data")
        tensor.float_data.extend([1.0] * 7)

    return _with_constant(folder, change)


@attack
def onnx_constant_of_unknown_type(folder: Path) -> Path:
    """An element type that does not exist."""
    return _with_constant(folder, lambda tensor: setattr(tensor, "data_type", 9999))


@attack
def onnx_constant_of_texts(folder: Path) -> Path:
    """Texts where numbers belong."""

    def change(tensor: Any) -> None:
        tensor.ClearField("raw_data")
        tensor.data_type = 8
        tensor.string_data.extend([b"x"] * 8)

    return _with_constant(folder, change)


@attack
def onnx_data_above_the_folder(folder: Path) -> Path:
    """External data by way of `..`."""
    (folder / "weights.bin").write_bytes(bytes(32))
    return _elsewhere(folder, "../files/../../secret")


@attack
def onnx_data_at_an_absolute_path(folder: Path) -> Path:
    """External data in a file of the system."""
    return _elsewhere(folder, "/etc/passwd")


@attack
def onnx_data_through_a_link(folder: Path) -> Path:
    """A link inside the folder that leads out of it."""
    (folder / "weights.bin").symlink_to("/etc/passwd")
    return _elsewhere(folder, "weights.bin")


@attack
def onnx_data_in_a_device(folder: Path) -> Path:
    """Zeros without end."""
    return _elsewhere(folder, "/dev/zero")


@attack
def onnx_data_behind_the_end(folder: Path) -> Path:
    """An offset that is not in the file."""
    (folder / "weights.bin").write_bytes(bytes(32))
    return _elsewhere(folder, "weights.bin", offset=1 << 40, length=32)


@attack
def onnx_data_at_a_negative_place(folder: Path) -> Path:
    """An offset before the file."""
    (folder / "weights.bin").write_bytes(bytes(64))
    return _elsewhere(folder, "weights.bin", offset=-32, length=32)


@attack
def onnx_data_with_a_zero_in_the_name(folder: Path) -> Path:
    """A name that ends early for the system, and later for whoever checks."""
    return _elsewhere(folder, "weights.bin\0/../../secret")


@attack
def onnx_one_file_for_a_thousand_constants(folder: Path) -> Path:
    """A megabyte that becomes a gigabyte."""
    from onnx import TensorProto

    (folder / "weights.bin").write_bytes(bytes(1 << 20))
    constants = []
    for number in range(1000):
        tensor = TensorProto(name=f"w{number}", data_type=1, dims=[1 << 18], data_location=1)
        tensor.external_data.add(key="location", value="weights.bin")
        constants.append(tensor)
    return _onnx(folder, _graph(nodes=[_node("Neg", "x")], constants=constants))


@attack
def onnx_version_of_tomorrow(folder: Path) -> Path:
    """Operators of a version that does not exist."""
    model = _model(_graph())
    model.opset_import[0].version = 1 << 40
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


@attack
def onnx_truncated(folder: Path) -> Path:
    """The first half of a file."""
    path = _onnx(folder, _graph())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@attack
def onnx_of_random_bytes(folder: Path) -> Path:
    """Nothing of the kind, under the right name."""
    path = folder / "model.onnx"
    path.write_bytes(bytes(range(256)) * 40)
    return path


@attack
def onnx_with_a_length_of_exabytes(folder: Path) -> Path:
    """A graph that says it has 2^63 bytes."""
    path = folder / "model.onnx"
    path.write_bytes(b"\x08\x08\x3a" + _varint((1 << 63) - 1) + bytes(100))
    return path


@attack
def onnx_names_that_write_on_the_terminal(folder: Path) -> Path:
    """Line breaks and control sequences in a name that an error will quote."""
    return _with_nodes(folder, _node("Neg", "evil\n\x1b[2J\x1b]0;owned\x07"))


@attack
def onnx_names_of_a_megabyte(folder: Path) -> Path:
    """An error message that fills the screen."""
    return _with_nodes(folder, _node("Neg", "a" * (1 << 20)))


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    return bytes([*made, value])


# safetensors. A sound file holds one tensor "weight" of shape (2, 3).

_SOUND = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}


def _safetensors(
    folder: Path, header: Any, data: bytes = bytes(24), length: int | None = None
) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path = folder / "model.safetensors"
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def _tensor(folder: Path, **changes: Any) -> Path:
    return _safetensors(folder, {"weight": _SOUND | changes})


@attack
def safetensors_header_of_exabytes(folder: Path) -> Path:
    """A length of 2^63 in front of a small file."""
    return _safetensors(folder, {"weight": _SOUND}, length=1 << 63)


@attack
def safetensors_header_of_ninety_megabytes(folder: Path) -> Path:
    """Spaces where the header should be."""
    return _safetensors(folder, b'{"weight":' + b" " * 90_000_000 + b"}")


@attack
def safetensors_header_with_half_a_million_tensors(folder: Path) -> Path:
    """Empty tensors that fill memory by their names alone."""
    empty = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    return _safetensors(folder, {f"t{i}": empty for i in range(500_000)}, b"")


@attack
def safetensors_header_nested_deeply(folder: Path) -> Path:
    """A hundred thousand lists inside each other."""
    return _safetensors(folder, b'{"weight":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


@attack
def safetensors_header_longer_than_the_file(folder: Path) -> Path:
    """A header that ends behind the file."""
    return _safetensors(folder, {"weight": _SOUND}, length=10_000)


@attack
def safetensors_header_that_is_no_json(folder: Path) -> Path:
    """A pickle in place of the header."""
    return _safetensors(folder, pickle.dumps({"weight": 1}))


@attack
def safetensors_header_that_is_a_list(folder: Path) -> Path:
    """JSON, but nothing with names."""
    return _safetensors(folder, [["weight", _SOUND]])


@attack
def safetensors_two_tensors_of_one_name(folder: Path) -> Path:
    """One shape for whoever checks, another for whoever reads."""
    entry = json.dumps(_SOUND).encode()
    return _safetensors(folder, b'{"weight":' + entry + b',"weight":' + entry + b"}")


@attack
def safetensors_tensors_that_overlap(folder: Path) -> Path:
    """Two tensors of the same bytes."""
    return _safetensors(folder, {"a": _SOUND, "b": _SOUND | {"data_offsets": [12, 36]}}, bytes(36))


@attack
def safetensors_thousand_tensors_of_the_same_bytes(folder: Path) -> Path:
    """A file of a megabyte that becomes a gigabyte."""
    entry = {"dtype": "F32", "shape": [1 << 18], "data_offsets": [0, 1 << 20]}
    return _safetensors(folder, {f"t{i}": entry for i in range(1000)}, bytes(1 << 20))


@attack
def safetensors_tensor_outside_of_the_file(folder: Path) -> Path:
    """Places behind the end."""
    return _tensor(folder, data_offsets=[1 << 40, (1 << 40) + 24])


@attack
def safetensors_tensor_at_a_negative_place(folder: Path) -> Path:
    """Places before the beginning: the header itself."""
    return _tensor(folder, data_offsets=[-24, 0])


@attack
def safetensors_tensor_that_ends_before_it_begins(folder: Path) -> Path:
    """A stretch of negative length."""
    return _tensor(folder, data_offsets=[24, 0])


@attack
def safetensors_hidden_bytes(folder: Path) -> Path:
    """A gap that could hold another file."""
    return _safetensors(folder, {"weight": _SOUND}, bytes(1024))


@attack
def safetensors_shape_larger_than_its_bytes(folder: Path) -> Path:
    """A terabyte over 24 bytes."""
    return _tensor(folder, shape=[1 << 20, 1 << 18])


@attack
def safetensors_shape_that_overflows(folder: Path) -> Path:
    """Sizes whose product is 6 in 64 bits."""
    return _tensor(folder, shape=[(1 << 63) + 3, 2])


@attack
def safetensors_negative_shape(folder: Path) -> Path:
    """-2 and -3, whose product looks right."""
    return _tensor(folder, shape=[-2, -3])


@attack
def safetensors_nan_in_the_shape(folder: Path) -> Path:
    """NaN, which JSON does not know and Python reads."""
    return _tensor(folder, shape=[float("nan"), 3])


@attack
def safetensors_infinite_place(folder: Path) -> Path:
    """Infinity among the places."""
    return _tensor(folder, data_offsets=[0, float("inf")])


@attack
def safetensors_number_of_a_million_digits(folder: Path) -> Path:
    """A size that takes minutes to read."""
    shape = b'{"weight":{"dtype":"F32","shape":[' + b"9" * 1_000_000
    return _safetensors(folder, shape + b'],"data_offsets":[0,24]}}')


@attack
def safetensors_unknown_type(folder: Path) -> Path:
    """Objects, as NumPy would read them by pickle."""
    return _tensor(folder, dtype="O")


@attack
def safetensors_truncated(folder: Path) -> Path:
    """Half of the numbers."""
    return _safetensors(folder, {"weight": _SOUND}, bytes(12))


@attack
def safetensors_of_three_bytes(folder: Path) -> Path:
    """Shorter than the length of its header."""
    path = folder / "model.safetensors"
    path.write_bytes(b"abc")
    return path


# PyTorch's own format


class _Payload:
    """What runs when a careless reader unpickles it."""

    def __reduce__(self) -> Any:
        return (open, (CANARY, "w"))


@attack
def torch_pickle_that_runs_code(folder: Path) -> Path:
    """The format of PyTorch before 1.6: a bare pickle."""
    path = folder / "model.pt"
    path.write_bytes(pickle.dumps({"weight": _Payload()}, protocol=2))
    return path


def _torch_archive(folder: Path, members: dict[str, bytes], compression: int = 0) -> Path:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name, member in members.items():
            archive.writestr(f"model/{name}", member)
    path = folder / "model.pt"
    path.write_bytes(content.getvalue())
    return path


@attack
def torch_archive_that_runs_code(folder: Path) -> Path:
    """The format of PyTorch since 1.6: a pickle in an archive."""
    payload = pickle.dumps({"weight": _Payload()}, protocol=2)
    return _torch_archive(folder, {"data.pkl": payload, "version": b"3\n"})


@attack
def torch_archive_that_is_a_bomb(folder: Path) -> Path:
    """A quarter of a megabyte that unpacks to 256."""
    members = {
        "data.pkl": pickle.dumps({}, protocol=2),
        "version": b"3\n",
        "data/0": bytes(1 << 28),
    }
    return _torch_archive(folder, members, zipfile.ZIP_DEFLATED)


@attack
def torch_archive_above_the_folder(folder: Path) -> Path:
    """`..` in the name of a member."""
    return _torch_archive(folder, {"data.pkl": pickle.dumps({}), f"../../{CANARY}": b"outside"})
