"""What a kernel leaves behind in its process: the floating-point mode, and children by fork."""

from __future__ import annotations

import os

import numpy as np
import pytest

from tests.native.calls import CALLS, FORWARD, NAMES, backward
from tests.native.support import python

TINY = np.float32(1e-40)


def denormals_work() -> bool:
    """Whether this thread's arithmetic keeps numbers below the normal range."""
    made = np.full(64, 1e-38, np.float32) / np.float32(100)
    read = np.full(64, TINY) * np.float32(2)
    return bool((made > 0).all() and (read > 0).all())


def wide(array: np.ndarray) -> np.ndarray:
    """The same array with enough rows for several threads to share."""
    return np.concatenate([array] * 5000)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("call", CALLS, ids=NAMES)
def test_every_kernel_leaves_the_floating_point_mode_as_it_was(native, call, threads):
    native.set_threads(threads)
    assert denormals_work()
    call.run(native)
    if any(call is forward for forward in FORWARD):
        backward(native, call).run(native)
    elif call.arrays and not {"table", "total", "bias", "kernel", "lengths"} & call.arrays.keys():
        call.run(native, **{name: wide(array) for name, array in call.arrays.items()})
    assert denormals_work()


@pytest.mark.parametrize("threads", [1, 3])
def test_inside_kernels_denormals_count_as_zero(native, threads):
    """They can cost a hundred times an ordinary number. Without this the test above is void."""
    native.set_threads(threads)
    for values in (np.full(10, TINY), np.full(2_000_000, TINY)):
        native.scale(values, 2.0)
        assert not values.any()


def test_a_kernel_that_fails_leaves_the_floating_point_mode_as_it_was(native):
    with pytest.raises(IndexError):
        native.embedding_forward(np.ones((2, 3), "f"), np.array([5], "i"))
    assert denormals_work()


FORK = """
import os, sys, warnings
import numpy as np
from leftfold.engine import config, kernels, workspace

warnings.simplefilter("ignore", DeprecationWarning)
config.set_threads(4)
native = kernels.native()
a = np.random.default_rng(0).normal(size=(300, 300)).astype(np.float32)
rest = [None] * 6 + ["tanh", "sigmoid", False, True, False, True]
x, weights = np.ones((40, 10, 25), np.float32), (a[:25, :200], a[:50, :200])

def compute():
    *outputs, saved = native.lstm_forward(x, *weights, *rest)
    return [native.gemm(a, a, False, False, None), *outputs,
            *native.lstm_backward(saved, *outputs, True)[:3]]

if sys.argv[1] == "warm":
    compute()
before = len(os.listdir("/proc/self/task"))

def child():
    config.set_threads(4)
    results = compute()
    assert len(os.listdir("/proc/self/task")) == 1
    return results

reading, writing = os.pipe()
if os.fork() == 0:
    answer = b"".join(result.tobytes() for result in child())
    if os.fork() == 0:
        child()
        os._exit(0)
    status = os.wait()[1]
    with open(writing, "wb") as pipe:
        pipe.write(answer)
    os._exit(status >> 8)
os.close(writing)
with open(reading, "rb") as pipe:
    answer = pipe.read()
assert os.wait()[1] == 0
assert answer == b"".join(result.tobytes() for result in compute())
print("ok")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("parent", ["cold", "warm"])
def test_a_forked_child_computes_the_same_on_one_thread_and_never_waits(native, parent):
    """Threads do not survive a fork: a child that gave them work would do without it, or wait."""
    isa = native.isa
    assert python(FORK, parent, timeout=60, LEFTFOLD_ISA=isa).endswith("ok\n")


POOL = """
import multiprocessing
import numpy as np
from leftfold.engine import config, kernels

config.set_threads(4)
native = kernels.native()
a = np.ones((300, 300), np.float32)

def product(scale):
    return float(native.gemm(a * np.float32(scale), a, False, False, None)[0, 0])

if __name__ == "__main__":
    product(1)
    with multiprocessing.get_context("fork").Pool(3) as pool:
        assert pool.map(product, [1, 2, 3]) == [300, 600, 900]
    print("ok")
"""


def test_a_pool_of_forked_workers_computes():
    assert python(POOL, timeout=60).endswith("ok\n")


def test_a_process_ends_without_a_word():
    """No leak reported by the bindings, no error from memory given back at the end."""
    code = """
import numpy as np
from leftfold.engine import kernels
native = kernels.native()
rest = [None] * 6 + ["tanh", "sigmoid", False, True, False, True]
ones = lambda *shape: np.ones(shape, np.float32)
*outputs, saved = native.lstm_forward(ones(64, 50, 20), ones(20, 160), ones(40, 160), *rest)
kept = outputs[0]
import sys
sys.stderr = sys.stdout
"""
    assert python("import os\nos.dup2(1, 2)" + code) == ""
