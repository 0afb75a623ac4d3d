"""Runs a workload's model forwards through the Keras API: Keras itself, and Leftfold."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import keras_api
import numpy as np

_ready = {}


def versions(framework):
    return keras_api.versions(framework)


def prepare(framework, workload, x):
    """Warm up and keep the fastest way to predict; its name and milliseconds."""
    found = []
    for jit in dict.fromkeys(jit for jit, _ in keras_api.variants(framework)):
        model = keras_api.build(framework, workload, jit)
        calls = {
            "predict": lambda m=model: m.predict(x, batch_size=len(x), verbose=0),
            "predict_on_batch": lambda m=model: m.predict_on_batch(x),
        }
        for name, run in calls.items():
            run()
            run()
            way = name if jit is None else f"{name}, jit_compile={jit}"
            found.append((milliseconds(run, 3), way, run))
    best, way, run = min(found, key=lambda each: each[0])
    _ready["run"] = run
    return way, best


def milliseconds(run, count):
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        np.asarray(run())
        times.append(time.perf_counter() - begin)
    return float(np.median(times)) * 1e3


def measure(count):
    return milliseconds(_ready["run"], count)
