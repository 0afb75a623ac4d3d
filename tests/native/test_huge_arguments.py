"""Arrays larger than memory are an error, and so is memory that runs out on the way."""

from __future__ import annotations

import pytest

from tests.native.support import SANITIZED, python

pytestmark = pytest.mark.skipif(
    SANITIZED, reason="a sanitizer's own memory does not fit under any limit"
)

PREPARE = """
import importlib, resource, sys
import numpy as np

native = importlib.import_module(sys.argv[1])
native.set_allocator(lambda shape: np.empty(shape, np.float32))
native.set_threads(4)

def limit(more):
    "Let this process have `more` bytes beyond what it has."
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + more, -1))

def refused(function, *arguments):
    try:
        function(*arguments)
    except (MemoryError, ValueError):
        return True
    return False
"""

VIRTUAL = """
limit(1 << 30)
one, number = np.ones(1, np.float32), np.zeros(1, np.int32)
far = 1 << 40

def wide(*shape):
    return np.broadcast_to(one, shape)

def strided(*shape):
    return np.lib.stride_tricks.as_strided(np.ones(4, np.float32), shape, (0,) * len(shape))

def empty(*shape):
    return np.empty(shape, np.float32)

for make in (wide, strided):
    assert refused(native.gemm, make(far, 3), make(3, 2), False, False, None)
    assert refused(native.gemm, make(2, far), make(far, 2), False, False, None)
    assert refused(native.gemm, make(2, 3), make(3, far), False, False, make(far))
    assert refused(native.batched_gemm, make(1, far, 3), make(1, 3, 2), False, False)
    assert refused(native.batched_gemm, make(far, 1, 1), make(far, 1, 1), False, False)
    assert refused(native.embedding_forward, make(far, 4), number)
    assert refused(native.embedding_forward, make(3, 4), np.broadcast_to(number, far))
    assert refused(native.softmax, make(1, far))
    assert refused(native.softmax_gradient, make(far, 2), make(far, 2))
    assert refused(native.softmax_crossentropy, make(1, far), number, 0.0)
    assert refused(native.softmax_crossentropy, make(far, 2), np.broadcast_to(number, far), 0.0)
    assert refused(native.sparse_crossentropy_gradient, number, one, one, one, far)
    assert refused(native.adam_update, *[make(far)] * 4, 0.1, 0.9, 0.9, 1e-7, 0.0)
    assert refused(native.squared_norm, make(far))
    for x, kernel, recurrent in [
        ((far, 2, 1), (1, 8), (2, 8)),
        ((2, far, 1), (1, 8), (2, 8)),
        ((1, 1, far), (far, 8), (2, 8)),
        ((1, 1, 1), (1, 4 << 25), (1 << 25, 4 << 25)),
        ((1 << 20, 1 << 20, 1 << 18), (1 << 18, 8), (2, 8)),
    ]:
        arrays = make(*x), make(*kernel), make(*recurrent)
        names = "tanh", "sigmoid"
        assert refused(native.lstm_forward, *arrays, *[None] * 6, *names, *[False] * 4)

# No memory of their own, but what they make has.
assert refused(native.gemm, empty(far, 0), empty(0, far), False, False, None)
assert refused(native.gemm, empty(far, 0), empty(0, 1), False, False, None)
assert refused(native.uniform, 0, 0, far)
assert refused(native.uniform, 0, 0, 2**62)
assert refused(native.dropout_mask, 0, 0, 2**63 - 1, 0.5)
rest = [None] * 6 + ["tanh", "sigmoid"]
for save in (False, True):
    for x, units in [((1, far, 0), 1), ((far, 1, 0), 1), ((1 << 30,) * 2 + (0,), 0)]:
        kernel, recurrent = empty(0, 4 * units), empty(units, 4 * units)
        arguments = empty(*x), kernel, recurrent, *rest, *[False] * 3, save
        assert refused(native.lstm_forward, *arguments)
# Without units, only what it makes for the features.
arguments = empty(1, 0, far), empty(far, 0), empty(0, 0), *rest, *[False] * 4
assert refused(native.lstm_forward, *arguments)
print("ok")
"""

RUNNING_OUT = """
def compute():
    batch, timesteps, features, units = 4000, 6, 30, 40
    x = np.ones((batch, timesteps, features), np.float32)
    dropout = np.ones((4, batch, features), np.float32), np.ones((4, batch, units), np.float32)
    weights = np.ones((features, 4 * units), np.float32), np.ones((units, 4 * units), np.float32)
    *_, saved = native.lstm_forward(
        x, *weights, *[None] * 4, *dropout, "tanh", "sigmoid", *[False] * 3, True
    )
    native.lstm_backward(saved, None, x[:, 0, 0, None].repeat(units, 1), None, True)
    native.gemm(np.ones((3000, 300), "f"), np.ones((300, 900), "f"), False, False, None)

# Threads have their stacks before memory gets scarce.
compute()
failures = 0
for more in range(0, 200 << 20, 1 << 20):
    limit(more)
    try:
        compute()
    except MemoryError:
        failures += 1
    else:
        break
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
assert failures > 20
compute()
print("ok")
"""


def test_virtual_arrays_larger_than_memory_are_errors(native):
    assert python(PREPARE + VIRTUAL, native.__name__).endswith("ok\n")


def test_running_out_of_memory_anywhere_is_an_error(native):
    """The limit rises until a run succeeds, so it fails at every allocation in turn."""
    # Or the C library would keep what an earlier run has given back, out of the limit's reach.
    direct = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    assert python(PREPARE + RUNNING_OUT, native.__name__, **direct).endswith("ok\n")
