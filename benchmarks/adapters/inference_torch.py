"""Runs a workload's model forwards in PyTorch."""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import pytorch
import torch

_ready = {}

FINAL = {"sigmoid": torch.sigmoid, "softmax": lambda y: torch.softmax(y, -1)}


def versions(framework):
    return {"torch": str(torch.__version__)}


def prepare(framework, workload, x):
    """Warm up and keep the faster layout and number of threads; its name and milliseconds."""
    given = torch.from_numpy(x if workload["features"] else x.astype(np.int64))
    final = FINAL.get(workload["layers"][-1][1].get("activation"), lambda y: y)
    found = []
    for batch_first in (True, False):
        model = pytorch.Network(workload, batch_first).eval()
        for threads in sorted({1, len(os.sched_getaffinity(0))}):
            torch.set_num_threads(threads)

            def run(model=model):
                with torch.inference_mode():
                    return final(model(given)).numpy()

            run()
            way = f"{'batch' if batch_first else 'time'} first, {threads} threads"
            found.append((milliseconds(run, 3), threads, way, run))
    best, threads, way, run = min(found, key=lambda each: each[0])
    torch.set_num_threads(threads)
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
