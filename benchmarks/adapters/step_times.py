"""Times of single steps, for the adapters that stream."""

import time

import numpy as np


def percentiles(step, inputs, count):
    """Microseconds of `count` calls of `step(inputs[i])`, in turn.

    Returns the mean of the whole loop, and the 50th, 99th and 99.9th percentile of single calls.
    """
    for x in inputs:
        step(x)
    times = np.empty(count)
    clock, size = time.perf_counter, len(inputs)
    begin = before = clock()
    for i in range(count):
        step(inputs[i % size])
        after = clock()
        times[i] = after - before
        before = after
    mean = (before - begin) / count
    return [float(value) * 1e6 for value in (mean, *np.percentile(times, [50, 99, 99.9]))]


def fastest(variants, inputs):
    """The name of the fastest of several steps, and the step."""
    names = list(variants)
    times = {name: percentiles(variants[name], inputs, 2000)[1] for name in names}
    best = min(names, key=times.get)
    return best, variants[best]


def batch_milliseconds(run, rounds):
    """The median time of a call."""
    times = []
    for _ in range(rounds + 1):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return float(np.median(times[1:])) * 1e3
