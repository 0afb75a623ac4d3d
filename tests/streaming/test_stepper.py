"""Sessions are independent, their states are the caller's, and mistakes are named."""

from __future__ import annotations

import threading
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import leftfold
from leftfold import layers, streaming
from leftfold.streaming import Stepper
from tests.native.support import SANITIZED


def compiled(units: int = 6, features: int = 3) -> Stepper:
    model = leftfold.Sequential(
        [layers.Input((None, features)), layers.LSTM(units), layers.Dense(2)]
    )
    return streaming.compile(model)


def words() -> Stepper:
    model = leftfold.Sequential(
        [layers.Input((None,)), layers.Embedding(10, 4), layers.GRU(5), layers.Dense(3)]
    )
    return streaming.compile(model)


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def test_sessions_do_not_influence_each_other(build: str) -> None:
    stepper = compiled()
    a, b = stepper.add(), stepper.add()
    first = stepper.step(ones(3), a)
    stepper.step(-ones(3), b)
    stepper.step(-ones(3))
    stepper.reset(a)
    np.testing.assert_array_equal(stepper.step(ones(3), a), first)


def test_a_subset_steps_and_the_others_stay(build: str) -> None:
    stepper = compiled()
    sessions = stepper.add(5)
    before = stepper.get_state(sessions[1])
    stepper.step(ones(3, 3), sessions[[4, 0, 2]])
    assert stepper.get_state(sessions[4])["lstm/h"].any()
    for name, value in stepper.get_state(sessions[1]).items():
        np.testing.assert_array_equal(value, before[name])


def test_a_dropped_sessions_number_is_never_used_again(build: str) -> None:
    stepper = compiled()
    first = stepper.add()
    stepper.step(ones(3), first)
    stepper.drop(first)
    seen = {first}
    for _ in range(5):
        session = stepper.add()
        assert session not in seen
        assert stepper.get_state(session)["lstm/c"].tolist() == [0.0] * 6
        seen.add(session)
        stepper.drop(session)
    for call in (lambda: stepper.step(ones(3), first), lambda: stepper.step(ones(1, 3), [first])):
        with pytest.raises(ValueError, match=f"expected sessions that exist, got {first}"):
            call()
    for method in (stepper.drop, stepper.reset, stepper.get_state):
        with pytest.raises(ValueError, match=f"There is no session {first}"):
            method(first)
    assert stepper.sessions == [0]


def test_many_sessions_added_one_by_one_keep_their_states(build: str) -> None:
    stepper = compiled()
    expected = {}
    for index in range(40):
        session = stepper.add()
        expected[session] = stepper.step(ones(3) * index, session)
    for index, session in enumerate(expected):
        stepper.reset(session)
        np.testing.assert_array_equal(stepper.step(ones(3) * index, session), expected[session])


def test_a_state_goes_on_elsewhere(build: str) -> None:
    stepper = compiled()
    assert stepper.state_names == ["lstm/h", "lstm/c"]
    stepper.step(ones(3))
    session = stepper.add()
    stepper.set_state(session, stepper.get_state(0))
    np.testing.assert_array_equal(stepper.step(ones(3), session), stepper.step(ones(3)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("lstm/h"), "expected states of shapes"),
        (lambda s: s.update(other=np.zeros(2)), "expected states of shapes"),
        (lambda s: s.update({"lstm/h": np.zeros(5)}), r"\(5,\)"),
        (lambda s: s.update({"lstm/h": np.array(["x"] * 6)}), "expected numbers"),
    ],
)
def test_a_state_that_does_not_fit_is_refused(change: Any, message: str) -> None:
    stepper = compiled()
    stepper.step(ones(3))
    before = stepper.get_state()
    state = stepper.get_state()
    change(state)
    with pytest.raises(ValueError, match=message):
        stepper.set_state(0, state)
    np.testing.assert_array_equal(stepper.get_state()["lstm/h"], before["lstm/h"])


def test_an_output_is_the_callers_unless_it_gives_one(build: str) -> None:
    stepper = compiled()
    first = stepper.step(ones(3))
    kept = first.copy()
    stepper.step(ones(3))
    np.testing.assert_array_equal(first, kept)
    out = np.zeros(2, np.float32)
    assert stepper.step(ones(3), out=out) is out
    assert out.any()
    many = np.zeros((1, 2), np.float32)
    stepper.reset()
    stepper.step(ones(1, 3), [0], out=many)
    np.testing.assert_array_equal(many[0], kept)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.step(ones(4)), "expected x to be a"),
        (lambda s: s.step(ones(1, 3)), "expected x to be a"),
        (lambda s: s.step("word"), "could not convert|expected x"),
        (lambda s: s.step(ones(3), out=ones(3)), "expected out to be a"),
        (lambda s: s.step(ones(3), 1), "expected sessions that exist, got 1"),
        (lambda s: s.step(ones(3), -1), "expected sessions that exist, got -1"),
        (lambda s: s.step(ones(1, 3), [2**40]), "expected sessions that exist"),
        (lambda s: s.step(ones(2, 3), [0]), "expected x to be a"),
        (lambda s: s.step(ones(2, 3), [0, 0]), "expected each session once"),
        (lambda s: s.step(ones(1, 3), [0], out=ones(2, 2)), "expected out to be a"),
        (lambda s: s.add(-1), "expected count"),
    ],
)
def test_mistakes_are_named(build: str, call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(compiled())


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda s: s.step(10), IndexError),
        (lambda s: s.step(-1), IndexError),
        (lambda s: s.step(2**80), (IndexError, ValueError)),
        (lambda s: s.step([10], [0]), IndexError),
        (lambda s: s.step([2**40], [0]), (IndexError, OverflowError)),
        (lambda s: s.step(np.array([2**40]), [0]), IndexError),
        (lambda s: s.step(1.5), ValueError),
        (lambda s: s.step([1.5], [0]), ValueError),
        (lambda s: s.step(ones(3)), ValueError),
    ],
)
def test_ids_outside_the_vocabulary_are_refused(build: str, call: Any, error: Any) -> None:
    stepper = words()
    with pytest.raises(error):
        call(stepper)
    stepper.step(9)
    stepper.step(np.int64(0))
    stepper.step([3], [0])


def test_arrays_of_any_layout_and_kind_mean_their_numbers(build: str) -> None:
    x = np.arange(6, dtype=np.float32)[::2]
    for given in (x, x.astype(np.float64), x.astype(int), x.tolist(), np.array(x, ">f4")):
        np.testing.assert_allclose(compiled_once().step(given), compiled_once().step(x.copy()))


def compiled_once() -> Stepper:
    leftfold.utils.set_random_seed(1)
    return compiled()


def test_a_stepper_copies_the_weights(build: str) -> None:
    model = leftfold.Sequential([layers.Input((None, 3)), layers.LSTM(4), layers.Dense(2)])
    stepper = streaming.compile(model)
    before = stepper.step(ones(3))
    for weight in model.weights:
        weight.assign(np.zeros(weight.shape, np.float32))
    stepper.reset()
    np.testing.assert_array_equal(stepper.step(ones(3)), before)


def test_threads_may_step_one_stepper() -> None:
    stepper = compiled(64, 16)
    sessions = stepper.add(400)
    x = np.random.default_rng(0).normal(size=(400, 16)).astype(np.float32)
    expected = streaming.Stepper.step(stepper, x, sessions)
    for session in sessions:
        stepper.reset(session)
    results: dict[int, np.ndarray] = {}

    def run(part: int) -> None:
        mine = slice(part * 100, part * 100 + 100)
        if part % 2:
            results[part] = stepper.step(x[mine], sessions[mine])
        else:
            rows = [stepper.step(x[i], int(sessions[i])) for i in range(400)[mine]]
            results[part] = np.array(rows)

    threads = [threading.Thread(target=run, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(np.concatenate([results[part] for part in range(4)]), expected)


def test_steps_in_steady_state_allocate_nothing() -> None:
    stepper = compiled(128, 64)
    sessions = stepper.add(500)
    x, many = ones(64), ones(500, 64)
    out, outs = np.zeros(2, np.float32), np.zeros((500, 2), np.float32)

    def steps(count: int) -> None:
        for _ in range(count):
            stepper.step(x, 0, out)
            stepper.step(many, sessions, outs)

    steps(3)
    resident = _resident()
    tracemalloc.start()
    try:
        steps(2)
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        steps(50)
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert now - before < 500
    assert peak - before < 2000
    if not SANITIZED:
        steps(500)
        assert _resident() - resident < 300_000


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
