"""Runs a workload's model forwards in ONNX Runtime, on random weights of its shapes."""

import os
import time

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}
NODES = {"SimpleRNN": "RNN", "LSTM": "LSTM", "GRU": "GRU"}
ACTIVATIONS = {"relu": "Relu", "sigmoid": "Sigmoid", "softmax": "Softmax", "tanh": "Tanh"}

_ready = {}


def versions(framework):
    return {"onnxruntime": onnxruntime.__version__}


class Graph:
    """A graph that grows by one layer after the other; time comes first inside."""

    def __init__(self):
        self.nodes, self.tensors = [], []
        self.random = np.random.default_rng(0)

    def weight(self, *shape):
        name = f"w{len(self.tensors)}"
        values = self.random.normal(0, 0.1, shape).astype(np.float32)
        self.tensors.append(numpy_helper.from_array(values, name))
        return name

    def constant(self, values):
        name = f"w{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    def node(self, kind, inputs, outputs=1, **attributes):
        names = [f"t{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names

    def recurrent(self, name, arguments, x, features):
        directions = 1
        if name == "Bidirectional":
            directions, (name, arguments) = 2, arguments["layer"]
        units, gates = arguments["units"], GATES[name]
        weights = [
            self.weight(directions, gates * units, features),
            self.weight(directions, gates * units, units),
            self.weight(directions, 2 * gates * units),
        ]
        options = {"hidden_size": units}
        if directions == 2:
            options["direction"] = "bidirectional"
        if name == "GRU":
            options["linear_before_reset"] = 1
        if name == "SimpleRNN":
            options["activations"] = [ACTIVATIONS[arguments.get("activation", "tanh")]]
        every, last = self.node(NODES[name], [x, *weights], 2, **options)
        width = directions * units
        if arguments.get("return_sequences"):
            (flat,) = self.node("Squeeze", [every, self.constant([1])])
            return flat, width
        (rows,) = self.node("Transpose", [last], perm=[1, 0, 2])
        return self.node("Reshape", [rows, self.constant([-1, width])])[0], width


def network(workload):
    """The model of a workload, batch first outside."""
    graph = Graph()
    features = workload["features"]
    shape = [workload["batch"], workload["timesteps"]] + ([features] if features else [])
    (x,) = graph.node("Transpose", ["x"], perm=[1, 0, 2] if features else [1, 0])
    for name, arguments in workload["layers"]:
        if name == "Embedding":
            features = arguments["output_dim"]
            (x,) = graph.node("Gather", [graph.weight(arguments["input_dim"], features), x])
        elif name == "Dense":
            units = arguments["units"]
            (x,) = graph.node("Gemm", [x, graph.weight(features, units), graph.weight(units)])
            features = units
            if arguments.get("activation"):
                (x,) = graph.node(ACTIVATIONS[arguments["activation"]], [x])
        elif name != "Dropout":
            x, features = graph.recurrent(name, arguments, x, features)
    graph.nodes.append(helper.make_node("Identity", [x], ["y"]))
    kind = TensorProto.FLOAT if workload["features"] else TensorProto.INT32
    made = helper.make_graph(
        graph.nodes,
        workload["name"],
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [shape[0], features])],
        graph.tensors,
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(made, opset_imports=opset, ir_version=9).SerializeToString()


def prepare(framework, workload, x):
    """Warm up and keep the faster number of threads; its name and milliseconds."""
    model, found = network(workload), []
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
    for threads in sorted({1, cores}):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.set_denormal_as_zero", "1")
        session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
        call = {"x": x}

        def run(session=session, call=call):
            return session.run(None, call)

        run()
        found.append((milliseconds(run, 5), f"{threads} threads", run))
    best, way, run = min(found, key=lambda each: each[0])
    _ready["run"] = run
    return way, best


def milliseconds(run, count):
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return float(np.median(times)) * 1e3


def measure(count):
    return milliseconds(_ready["run"], count)
