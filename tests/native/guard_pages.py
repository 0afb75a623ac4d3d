"""Kernels on arrays that end, or begin, where memory ends: one element too far is a crash.

Sanitizers do not see the masked loads and stores of vector code; the processor does. Run as
`python -m tests.native.guard_pages ISA` in a process of its own.
"""

from __future__ import annotations

import ctypes
import dataclasses
import mmap
import sys
from typing import Any

import numpy as np

from tests.engine.recurrent_kernels import CELLS, Case
from tests.native.calls import CALLS
from tests.native.support import load, output_gradients, random_case

PAGE = mmap.PAGESIZE
libc = ctypes.CDLL(None, use_errno=True)
libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
forbidden: list[mmap.mmap] = []


def guarded(array: np.ndarray, at_end: bool = True) -> np.ndarray:
    """A copy that ends right before an inaccessible page, or begins right behind one."""
    size = -(-max(array.nbytes, 1) // PAGE) * PAGE
    memory = mmap.mmap(-1, size + 2 * PAGE)
    forbidden.append(memory)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for page in (address, address + PAGE + size):
        if libc.mprotect(page, PAGE, 0):
            raise OSError(ctypes.get_errno(), "mprotect failed")
    start = PAGE + (size - array.nbytes if at_end else 0)
    copy = np.frombuffer(memory, array.dtype, array.size, start).reshape(array.shape)
    copy[...] = array
    return copy


def guard_case(case: Case, at_end: bool) -> Case:
    def guard(array: np.ndarray | None) -> np.ndarray | None:
        return None if array is None else guarded(array, at_end)

    return dataclasses.replace(
        case,
        tensors={name: guard(tensor) for name, tensor in case.tensors.items()},
        mask=guard(case.mask),
        input_dropout=guard(case.input_dropout),
        recurrent_dropout=guard(case.recurrent_dropout),
    )


def run_recurrences(native: Any, at_end: bool) -> None:
    random = np.random.default_rng(0)
    for cell, options in CELLS:
        for round_ in range(12):
            batch, timesteps, features, units = random.integers(1, (15, 6, 40, 70))
            dropout = ["none", "input", "gates"][round_ % 3]
            case = random_case(
                cell, batch, timesteps, features, units, mask="mixed", dropout=dropout,
                seed=round_, return_sequences=round_ % 2 == 0, **options,
            )  # fmt: skip
            gradients = [guarded(g, at_end) for g in output_gradients(case)]
            case = guard_case(case, at_end)
            case.forward(native)
            case.backward(native, case.forward(native, save=True)[-1], *gradients)


def run_dense(native: Any, at_end: bool) -> None:
    random = np.random.default_rng(0)
    for _ in range(60):
        rows, inner, columns = random.integers(1, (40, 40, 90))
        for transpose_a, transpose_b in ((False, False), (True, False), (False, True)):
            a, b, bias = (
                guarded(np.ones(shape, np.float32), at_end)
                for shape in ((rows, inner), (inner, columns), (columns,))
            )
            a, b = (
                a.reshape(a.shape[:: -1 if transpose_a else 1]),
                b.reshape(b.shape[:: -1 if transpose_b else 1]),
            )
            native.gemm(a, b, transpose_a, transpose_b, bias)
    for call in CALLS:
        call.run(native, **{name: guarded(array, at_end) for name, array in call.arrays.items()})
    for size in range(70):
        numbers = guarded(np.ones(size, np.float32), at_end)
        native.adam_update(*[numbers] * 4, 0.1, 0.9, 0.9, 1e-7, 0.0)
        native.squared_norm(numbers)
        native.uniform(1, 2, size)
        labels = guarded(np.zeros(3, np.int32), at_end)
        logits = guarded(np.ones((3, size + 1), np.float32), at_end)
        native.softmax_crossentropy(logits, labels, 0.1)
        native.softmax_gradient(native.softmax(logits), logits)
        native.binary_crossentropy(numbers, numbers, 0.1, 0.9)
        *_, slopes, own_slopes = native.sparse_crossentropy(logits, labels, 0.1, 0.9)
        native.sparse_crossentropy_gradient(labels, slopes, slopes, own_slopes, size + 1)
        native.embedding_forward(logits, labels)
        native.embedding_backward(logits, labels, guarded(logits, at_end))
        for function in (native.exponential, native.tanh, native.sigmoid):
            function(numbers)


def main(isa: str) -> None:
    native = load(isa)
    native.set_threads(2)
    for at_end in (True, False):
        native.set_allocator(lambda shape, at_end=at_end: guarded(np.zeros(shape, "f"), at_end))
        run_recurrences(native, at_end)
        run_dense(native, at_end)
    print("ok")


if __name__ == "__main__":
    main(sys.argv[1])
