"""Pooled memory: it comes back when the last view is gone, and never before."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from leftfold.engine import workspace


@pytest.fixture(autouse=True)
def empty_pool():
    workspace.clear()
    yield
    workspace.clear()


def address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def test_memory_is_handed_out_again_once_it_is_free(monkeypatch):
    first = workspace.empty((256, 256))
    place = address(first)
    del first
    monkeypatch.setattr(workspace.np, "empty", None)
    assert address(workspace.empty((256, 256))) == place


def test_memory_is_kept_while_a_view_of_it_lives():
    first = workspace.empty((256, 256))
    first.fill(1)
    view = first[10:20, ::2].reshape(-1)
    del first
    gc.collect()
    second = workspace.empty((256, 256))
    second.fill(2)
    assert (view == 1).all()


def test_two_live_arrays_never_share_memory():
    arrays = [workspace.empty((100, 100)) for _ in range(5)]
    for n, array in enumerate(arrays):
        array.fill(n)
    assert [array.mean() for array in arrays] == [0, 1, 2, 3, 4]


def test_arrays_are_aligned_writeable_and_of_the_asked_shape_and_type():
    for shape, dtype in [
        ((3, 70, 200), np.float32),
        ((64, 1024), np.float64),
        ((0, 5), np.float32),
    ]:
        array = workspace.empty(shape, dtype)
        assert (array.shape, array.dtype) == (shape, dtype)
        assert array.flags.c_contiguous
        assert array.flags.writeable
    assert address(workspace.empty((64, 1024))) % 64 == 0


def test_similar_sizes_share_a_shelf(monkeypatch):
    first = workspace.empty((1000, 100))
    place = address(first)
    del first
    monkeypatch.setattr(workspace.np, "empty", None)
    assert address(workspace.empty((999, 100))) == place


def test_clear_gives_idle_memory_back():
    array = workspace.empty((512, 512))
    del array
    assert workspace._held["bytes"] > 0
    workspace.clear()
    assert workspace._held["bytes"] == 0
