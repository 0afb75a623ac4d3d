"""Trains a workload through the Keras API: Keras itself, and Leftfold, by the same lines.

Runs inside the framework's own environment (see `tools/peers.py`). `KERAS_BACKEND` tells which
Keras it is; the argument `framework` tells whether it is Keras at all.
"""

import importlib
import os
import resource
import time

_ready = {}


def versions(framework):
    names = [framework]
    if framework == "keras":
        names.append(os.environ["KERAS_BACKEND"])
    modules = {name: importlib.import_module(name) for name in names}
    return {name: str(module.__version__) for name, module in modules.items()}


def build(framework, workload, jit):
    """A compiled model and nothing else: no metrics, the optimiser's defaults."""
    keras = importlib.import_module(framework)
    keras.utils.set_random_seed(1)

    def make(name, arguments):
        if name == "Bidirectional":
            return keras.layers.Bidirectional(make(*arguments["layer"]))
        return getattr(keras.layers, name)(**arguments)

    shape = (workload["timesteps"],) + ((workload["features"],) if workload["features"] else ())
    dtype = "float32" if workload["features"] else "int32"
    inputs = keras.Input(shape, dtype=dtype)
    model = keras.Sequential([inputs, *(make(*layer) for layer in workload["layers"])])
    options = {} if jit is None else {"jit_compile": jit}
    model.compile(loss=workload["loss"], optimizer=workload["optimizer"], **options)
    return model


def by_batch(model, x, y, steps):
    """Milliseconds of a step, called one by one."""
    start = time.perf_counter()
    for _ in range(steps):
        loss = model.train_on_batch(x, y)
    float(loss)
    return (time.perf_counter() - start) / steps * 1e3


def by_fit(model, x, y, steps):
    """Milliseconds of a step inside one epoch of `fit` over data that is already in memory."""
    import numpy as np

    many_x, many_y = np.concatenate([x] * steps), np.concatenate([y] * steps)
    start = time.perf_counter()
    model.fit(many_x, many_y, batch_size=len(x), epochs=1, shuffle=False, verbose=0)
    return (time.perf_counter() - start) / steps * 1e3


RUNNERS = {"train_on_batch": by_batch, "fit": by_fit}


def variants(framework):
    """Ways to run the same model, of which the fastest counts: `(jit_compile, method)`."""
    if framework == "leftfold":
        compilations = [None]
    elif os.environ["KERAS_BACKEND"] == "tensorflow":
        compilations = [True, False]
    else:
        compilations = [True]
    return [(jit, method) for jit in compilations for method in RUNNERS]


def prepare(framework, workload, x, y, only=None):
    """Warm up and keep the fastest variant.

    Returns `(description, milliseconds of a step, whether the model is exactly as asked for)`.
    """
    if framework == "keras":
        import keras

        tensors = keras.ops.convert_to_tensor(x), keras.ops.convert_to_tensor(y)
    else:
        tensors = x, y
    results = []
    for jit, method in variants(framework):
        label = method if jit is None else f"{method}, jit_compile={jit}"
        if only is not None and label != only:
            continue
        model, run = build(framework, workload, jit), RUNNERS[method]
        data = tensors if method == "train_on_batch" else (x, y)
        run(model, *data, 2)
        steps = max(2, min(50, int(300 / run(model, *data, 2))))
        run(model, *data, steps)
        results.append((run(model, *data, steps), label, model, run, data))
    milliseconds, label, model, run, data = min(results, key=lambda result: result[0])
    _ready.update(model=model, run=run, data=data)
    return label, milliseconds, True


def measure(steps):
    """Milliseconds of a step of the prepared model, over `steps` of them."""
    return _ready["run"](_ready["model"], *_ready["data"], steps)


def peak_memory():
    """The most memory this process has held so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
