"""The same bits whatever the number of threads, and for a row whatever rows are beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.recurrent_kernels import CELL_NAMES, CELLS
from tests.native.support import (
    assert_same_bits,
    examples,
    output_gradients,
    python,
    random_case,
    recurrent_cases,
    run_through,
    select_rows,
)

every_cell = pytest.mark.parametrize(("cell", "options"), CELLS, ids=CELL_NAMES)
THREADS = (2, 3, 4, 7)


def numbers(*shape: int) -> np.ndarray:
    """Different numbers for each shape, from -1/2 to 1/2."""
    return np.random.default_rng(shape).random(shape, np.float32) - np.float32(0.5)


def same_on_any_number_of_threads(native: Any, compute: Any) -> None:
    native.set_threads(1)
    expected = compute()
    for threads in THREADS:
        native.set_threads(threads)
        for place, (a, b) in enumerate(zip(compute(), expected, strict=True)):
            assert_same_bits(a, b, f"result {place} on {threads} threads")


def test_work_is_spread_over_as_many_threads_as_were_set(native):
    """Without this, the tests below would prove nothing."""
    counted = python(
        "import os, sys, importlib, numpy as np\n"
        "native = importlib.import_module(sys.argv[1])\n"
        "native.set_allocator(lambda shape: np.empty(shape, 'f'))\n"
        "native.set_threads(7)\n"
        "a = np.ones((320, 320), 'f')\n"
        "before = len(os.listdir('/proc/self/task'))\n"
        "native.gemm(a, a, False, False, None)\n"
        "print(len(os.listdir('/proc/self/task')) - before)",
        native.__name__,
    )
    assert int(counted) == 6


# Large enough that seven threads find work. A batch of 12 rows stays in one piece, larger ones are
# divided into halves; 45 steps are more than one stretch of rows that fits the caches; of 17
# units, and of their gates, some columns do not fill a vector; the gradient of 240 is too large for
# each half to have one. Behind masks that differ by gate, 130 steps are more than one stretch.
SIZES = {
    "undivided": (12, 20, 100),
    "odd": (23, 20, 100),
    "loose columns": (23, 20, 17),
    "even": (24, 20, 100),
    "long": (24, 45, 100),
    "longer": (14, 130, 17),
    "large": (14, 20, 240),
}
FEATURES = 40


@every_cell
@pytest.mark.parametrize("dropout", ["none", "input", "gates"])
@pytest.mark.parametrize("mask", ["none", "mixed"])
@pytest.mark.parametrize("size", SIZES)
def test_recurrences_do_not_depend_on_the_number_of_threads(
    cell, options, any_native, dropout, mask, size
):
    batch, timesteps, units = SIZES[size]
    if cell == "simple_rnn":
        options = {"units": 2 * units}
    sizes = {"features": FEATURES, "units": units} | options
    case = random_case(
        cell, batch, timesteps, mask=mask, dropout=dropout, return_sequences=True, **sizes
    )
    gradients = output_gradients(case)
    same_on_any_number_of_threads(
        any_native, lambda: run_through(case, any_native, gradients).values()
    )


@every_cell
@examples(25)
@given(data=st.data())
def test_a_row_of_a_batch_does_not_depend_on_the_others(cell, options, any_native, data):
    activations = {"activation": data.draw(st.sampled_from(["tanh", "relu", "softsign"]))}
    case = data.draw(recurrent_cases(cell, **activations, **options))
    batch = len(case.tensors["x"])
    rows = data.draw(st.lists(st.integers(0, batch - 1), min_size=1, max_size=9))
    gradients = output_gradients(case)
    whole = run_through(case, any_native, gradients)
    any_native.set_threads(data.draw(st.sampled_from([1, *THREADS])))
    part = run_through(select_rows(case, rows), any_native, [g[rows] for g in gradients])
    for name in ("output", "h", "c", "d_x", "d_h0", "d_c0"):
        if name in whole:
            assert_same_bits(part[name], whole[name][rows], name)


@pytest.mark.parametrize(
    ("rows", "inner", "columns"),
    [(300, 300, 400), (1, 4000, 5000), (4000, 5000, 1), (5, 3000, 2000), (3, 2000, 4000)],
)
@pytest.mark.parametrize("transposed", [(False, False), (True, False), (False, True)])
def test_gemm_does_not_depend_on_the_number_of_threads(
    any_native, rows, inner, columns, transposed
):
    a, b = numbers(rows, inner), numbers(inner, columns)
    operands = [m.T.copy() if t else m for m, t in zip((a, b), transposed, strict=True)]
    same_on_any_number_of_threads(
        any_native, lambda: [any_native.gemm(*operands, *transposed, numbers(columns))]
    )


@pytest.mark.parametrize("count", [1, 2, 3, 64])
def test_stacks_of_products_do_not_depend_on_the_number_of_threads(native, count):
    a, b = numbers(count, 40, 300), numbers(count, 50, 300)
    same_on_any_number_of_threads(native, lambda: [native.batched_gemm(a, b, False, True)])


def test_embeddings_do_not_depend_on_the_number_of_threads(native):
    table = numbers(300, 64)
    ids = np.random.default_rng(0).zipf(1.5, 30_000) % 300
    ids = ids.astype(np.int32)
    rows = numbers(len(ids), 64)

    def compute() -> list[np.ndarray]:
        total = table.copy()
        native.embedding_backward(total, ids, rows)
        return [native.embedding_forward(table, ids), total]

    same_on_any_number_of_threads(native, compute)


def test_softmax_crossentropy_does_not_depend_on_the_number_of_threads(native):
    logits = numbers(1000, 2000)
    labels = np.random.default_rng(0).integers(0, 2000, 1000).astype(np.int32)

    def compute() -> list[np.ndarray]:
        *losses, probabilities = native.softmax_crossentropy(logits, labels, 0.1)
        gradient = native.softmax_crossentropy_gradient(probabilities, labels, numbers(1000), 0.1)
        softmax = native.softmax_gradient(native.softmax(logits), logits)
        sparse = native.sparse_crossentropy(probabilities, labels, 1e-7, 0.5)
        back = native.sparse_crossentropy_gradient(labels, *sparse, 2000)
        binary = native.binary_crossentropy(numbers(9000), numbers(9000), 0.1, 0.9)
        return [*losses, probabilities, gradient, softmax, *sparse, back, *binary]

    same_on_any_number_of_threads(native, compute)


OPTIMIZERS: dict[str, tuple[int, tuple[Any, ...]]] = {
    "sgd_update": (1, (0.1, 0.9, True)),
    "rmsprop_update": (3, (0.01, 0.9, 0.9, 1.0)),
    "adam_update": (2, (0.01, 0.9, 0.999, 1e-7, 1e-4)),
    "adagrad_update": (1, (0.01, 1e-7)),
    "nadam_update": (2, (0.01, 0.9, 0.9, 0.8, 0.7, 0.9, 0.999, 0.99, 1e-7)),
    "scale": (-1, (0.3,)),
    "clear": (-1, ()),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_do_not_depend_on_the_number_of_threads(native, name):
    states, settings = OPTIMIZERS[name]

    def compute() -> list[np.ndarray]:
        arrays = [np.abs(numbers(4_000_001)) + n for n in range(states + 2)]
        getattr(native, name)(*arrays, *settings)
        return arrays

    same_on_any_number_of_threads(native, compute)


def test_norms_do_not_depend_on_the_number_of_threads(native):
    values = numbers(4_000_001)
    same_on_any_number_of_threads(
        native, lambda: [np.array([native.squared_norm(values)]).view(np.float32)]
    )


def test_random_numbers_do_not_depend_on_the_number_of_threads(native):
    same_on_any_number_of_threads(
        native,
        lambda: [native.uniform(3, 4, 200_001), native.dropout_mask(3, 4, 200_001, 0.3)],
    )
