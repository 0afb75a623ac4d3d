"""Streams through the benchmark's LSTM in ONNX Runtime, with and without bound memory."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import onnxruntime
import step_times
from onnx import TensorProto, helper, numpy_helper

_ready = {}


def versions():
    return {"onnxruntime": onnxruntime.__version__}


def network(weights):
    """A graph of one step: the input and both states, the output and both states."""
    kernel, recurrent, bias, head, head_bias = weights
    units = len(recurrent)

    def gates(matrix):  # ONNX has them in the order i, o, f, c
        i, f, c, o = np.split(matrix, 4, axis=-1)
        return np.concatenate([i, o, f, c], axis=-1)

    tensors = {
        "W": gates(kernel).T[None],
        "R": gates(recurrent).T[None],
        "B": np.concatenate([gates(bias), np.zeros_like(bias)])[None],
        "head": head,
        "head_bias": head_bias,
        "rows": np.array([-1, units], np.int64),
    }
    nodes = [
        helper.make_node(
            "LSTM", ["x", "W", "R", "B", "", "h", "c"], ["", "h_new", "c_new"], hidden_size=units
        ),
        helper.make_node("Reshape", ["h_new", "rows"], ["flat"]),
        helper.make_node("Gemm", ["flat", "head", "head_bias"], ["y"]),
    ]

    def info(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    states = [info(name, 1, "n", units) for name in ("h", "c", "h_new", "c_new")]
    graph = helper.make_graph(
        nodes,
        "step",
        [info("x", 1, "n", len(kernel)), *states[:2]],
        [info("y", "n", head.shape[1]), *states[2:]],
        [
            numpy_helper.from_array(np.ascontiguousarray(value), name)
            for name, value in tensors.items()
        ],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()


def session(model, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    return onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])


def by_run(running, units):
    """A step by `run` with arrays."""
    state = {"h": np.zeros((1, 1, units), np.float32), "c": np.zeros((1, 1, units), np.float32)}
    names = ["y", "h_new", "c_new"]

    def step(x):
        y, state["h"], state["c"] = running.run(names, {"x": x[None, None], **state})
        return y[0]

    return step


def by_binding(running, features, units, outputs):
    """A step on memory bound once, between two copies of the states."""
    value = onnxruntime.OrtValue.ortvalue_from_numpy
    x_value = value(np.zeros((1, 1, features), np.float32))
    y = np.zeros((1, outputs), np.float32)
    y_value = value(y)
    pairs = [{name: value(np.zeros((1, 1, units), np.float32)) for name in "hc"} for _ in range(2)]
    bindings = []
    for old, new in (pairs, pairs[::-1]):
        binding = running.io_binding()
        binding.bind_ortvalue_input("x", x_value)
        binding.bind_ortvalue_output("y", y_value)
        for name in "hc":
            binding.bind_ortvalue_input(name, old[name])
            binding.bind_ortvalue_output(f"{name}_new", new[name])
        bindings.append(binding)
    run, turn = running.run_with_iobinding, [0]

    def step(x):
        x_value.update_inplace(x[None, None])
        run(bindings[turn[0]])
        turn[0] ^= 1
        return y_value.numpy()[0]

    return step


def prepare(weights, inputs):
    """Build the model; the name of the fastest way to step it, and the first outputs."""
    features, units, outputs = len(weights[0]), len(weights[1]), weights[3].shape[1]
    model = network(weights)
    one = session(model, 1)
    first = by_binding(one, features, units, outputs)
    answers = np.array([first(x).copy() for x in inputs])
    many = session(model, 0)
    way, step = step_times.fastest(
        {
            "run, 1 thread": by_run(one, units),
            "bound memory, 1 thread": by_binding(one, features, units, outputs),
            "bound memory, all threads": by_binding(many, features, units, outputs),
        },
        inputs,
    )
    _ready.update(step=step, inputs=inputs, many=many, units=units)
    return way, answers


def measure(count):
    return step_times.percentiles(_ready["step"], _ready["inputs"], count)


def measure_batch(sessions, rounds):
    """Milliseconds of one step of so many sessions."""
    x = np.tile(_ready["inputs"][0], (1, sessions, 1))
    state = np.zeros((1, sessions, _ready["units"]), np.float32)
    feed = {"x": x, "h": state, "c": state}
    return step_times.batch_milliseconds(lambda: _ready["many"].run(None, feed), rounds)
