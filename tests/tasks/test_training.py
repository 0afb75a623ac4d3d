"""Training under a limit: rates that fall by the clock."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from leftfold.tasks.training import FallingRate


def rates(steps: int, seconds: float, each: float, count: int) -> list[float]:
    """The learning rate of each step, where a step takes so many seconds."""
    now = [0.0]
    falling = FallingRate(1.0, steps, seconds, clock=lambda: now[0])
    optimizer = SimpleNamespace(learning_rate=None)
    falling.set_model(SimpleNamespace(optimizer=optimizer))
    found = []
    for batch in range(count):
        falling.on_train_batch_begin(batch)
        found.append(optimizer.learning_rate)
        now[0] += each
    return found


def test_the_rate_falls_by_steps_where_there_is_time() -> None:
    found = rates(steps=10, seconds=1e6, each=1.0, count=11)
    assert found[0] == 1
    assert found[5] == pytest.approx(0.525)
    assert found[10] == pytest.approx(0.05)
    assert found == sorted(found, reverse=True)


def test_the_rate_falls_by_the_clock_where_there_are_too_many_steps() -> None:
    found = rates(steps=1000, seconds=10.0, each=1.0, count=12)
    assert found[5] == pytest.approx(0.525)
    assert found[10] == found[11] == pytest.approx(0.05)
