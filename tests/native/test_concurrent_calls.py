"""Kernels called from several Python threads at once: the interpreter's lock is released."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from leftfold.engine import workspace
from tests.engine.recurrent_kernels import CELL_NAMES, CELLS
from tests.native.support import assert_same_bits, output_gradients, random_case, run_through

THREADS = 4


def at_once(work: Callable[[], Any]) -> list[Any]:
    """What each of several threads made of the same work: a result, or an exception."""
    results: list[Any] = []
    start = threading.Barrier(THREADS)

    def run() -> None:
        start.wait()
        try:
            results.append(work())
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize(("cell", "options"), CELLS, ids=CELL_NAMES)
def test_calls_at_once_do_not_disturb_each_other(cell, options, native):
    native.set_allocator(workspace.empty)
    case = random_case(cell, 24, 12, 30, 40, mask="mixed", return_sequences=True, **options)
    gradients = output_gradients(case)
    expected = run_through(case, native, gradients)

    def work() -> None:
        for _ in range(10):
            for name, value in run_through(case, native, gradients).items():
                assert_same_bits(value, expected[name], name)

    assert at_once(work) == [None] * THREADS


@pytest.mark.parametrize(("cell", "options"), CELLS, ids=CELL_NAMES)
def test_of_threads_with_one_saved_state_only_one_gets_its_gradients(cell, options, native):
    case = random_case(cell, 24, 12, 30, 40, return_sequences=True, **options)
    gradients = output_gradients(case)
    for _ in range(5):
        saved = case.forward(native, save=True)[-1]
        results = at_once(lambda saved=saved: case.backward(native, saved, *gradients))
        errors = [result for result in results if isinstance(result, ValueError)]
        assert len(errors) == THREADS - 1
        assert all("used up" in str(error) for error in errors)
