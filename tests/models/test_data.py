from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.engine.random import set_random_seed
from leftfold.models.data import Epochs, make_source
from leftfold.models.data_sources import (
    PyDataset,
    pack_x_y_sample_weight,
    unpack_x_y_sample_weight,
)


def rows_of(epochs: Epochs) -> list[list[int]]:
    """The rows of one epoch, batch by batch."""
    return [batch[0][:, 0].tolist() for batch in epochs]


def numbered(rows: int) -> np.ndarray:
    return np.arange(rows)[:, None]


@given(rows=st.integers(1, 50), batch_size=st.integers(1, 60), shuffle=st.booleans())
def test_every_row_comes_once_an_epoch(rows: int, batch_size: int, shuffle: bool) -> None:
    source = make_source(numbered(rows), numbered(rows), batch_size=batch_size, shuffle=shuffle)
    batches = list(source.epoch())
    assert source.steps == len(batches)
    assert all(len(x) == batch_size for x, _, _ in batches[:-1])
    np.testing.assert_array_equal(
        np.sort(np.concatenate([x for x, _, _ in batches])[:, 0]), np.arange(rows)
    )
    for x, y, weight in batches:
        np.testing.assert_array_equal(x, y)
        assert weight is None


def test_the_order_changes_each_epoch_and_follows_the_seed() -> None:
    def orders() -> list[list[list[int]]]:
        set_random_seed(3)
        epochs = Epochs(make_source(numbered(20), batch_size=6, shuffle=True))
        return [rows_of(epochs), rows_of(epochs)]

    first, second = orders()
    assert first != second
    assert [first, second] == orders()


def test_the_order_does_not_follow_numpy() -> None:
    set_random_seed(3)
    first = rows_of(Epochs(make_source(numbered(20), shuffle=True)))
    set_random_seed(3)
    np.random.random(7)
    assert first == rows_of(Epochs(make_source(numbered(20), shuffle=True)))


def test_batch_shuffling_keeps_rows_in_their_batch() -> None:
    batches = rows_of(Epochs(make_source(numbered(20), batch_size=6, shuffle="batch")))
    assert [sorted(b) for b in batches] == [
        [*range(6)],
        [*range(6, 12)],
        [*range(12, 18)],
        [18, 19],
    ]
    assert any(b != sorted(b) for b in batches)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize(
    "x",
    [
        np.random.default_rng(0).random((7, 3)),
        np.asfortranarray(np.random.default_rng(0).random((7, 3)).astype(np.float32)),
        np.random.default_rng(0).random((7, 6)).astype(np.float32)[:, ::2],
        np.random.default_rng(0).random((7, 3)).astype(np.float16),
    ],
    ids=["float64", "fortran", "strided", "float16"],
)
def test_floats_of_any_layout_come_as_float32(x: np.ndarray, shuffle: bool) -> None:
    source = make_source(x, np.arange(7), batch_size=4, shuffle=shuffle)
    for batch, rows, _ in source.epoch():
        assert batch.dtype == np.float32
        np.testing.assert_array_equal(batch, x[rows].astype(np.float32))


def test_integers_and_booleans_keep_their_type() -> None:
    x = {"ids": np.arange(4), "flags": np.array([True, False, True, False])}
    batch, _, _ = make_source(x).first()
    assert batch["ids"].dtype == np.int64
    assert batch["flags"].dtype == bool


def test_batches_do_not_change_when_the_next_one_comes() -> None:
    x = np.arange(40_000.0, dtype=np.float32).reshape(4, 10_000)
    batches = [b for b, _, _ in make_source(x, batch_size=1, shuffle=True).epoch()]
    assert sorted(b[0, 0] for b in batches) == [0, 10_000, 20_000, 30_000]


def test_class_weight_becomes_a_weight_for_each_row() -> None:
    _, _, weights = make_source(numbered(3), np.array([0, 1, 1]), class_weight={1: 3.0}).first()
    np.testing.assert_array_equal(weights, [1, 3, 3])
    with pytest.raises(ValueError, match="class_weight and sample_weight cannot"):
        make_source(numbered(2), [0, 1], [1.0, 1.0], class_weight={1: 3.0})


def test_without_a_batch_size_steps_share_the_rows() -> None:
    assert make_source(numbered(100)).first()[0].shape == (32, 1)
    assert make_source(numbered(100), steps=3).first()[0].shape == (34, 1)


def test_fewer_steps_than_batches_go_on_in_the_next_epoch() -> None:
    epochs = Epochs(make_source(numbered(6), batch_size=1), steps=2)
    assert [rows_of(epochs) for _ in range(4)] == [[[0], [1]], [[2], [3]], [[4], [5]], [[0], [1]]]


def test_an_epoch_ends_early_with_a_warning_where_data_runs_out() -> None:
    epochs = Epochs(make_source(numbered(3), batch_size=1), steps=2)
    assert len(rows_of(epochs)) == 2
    with pytest.warns(UserWarning, match="data ran out"):
        assert rows_of(epochs) == [[2]]
    assert rows_of(epochs) == [[0], [1]]


class Numbers(PyDataset):
    def __init__(self, batches: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batches = batches
        self.heard: list[str] = []
        self.threads: set[int] = set()

    def __len__(self) -> int:
        return self.batches

    def __getitem__(self, index: int) -> Any:
        self.threads.add(threading.get_ident())
        return np.array([[float(index)]]), np.array([[index]])

    def on_epoch_begin(self) -> None:
        self.heard.append("begin")

    def on_epoch_end(self) -> None:
        self.heard.append("end")


def test_a_data_set_gives_its_batches_in_order_and_hears_of_epochs() -> None:
    data = Numbers(3)
    epochs = Epochs(make_source(data))
    assert epochs.steps == 3
    assert rows_of(epochs) == [[0], [1], [2]]
    assert data.heard == ["begin", "end"]


def test_a_data_set_is_shuffled_by_batches() -> None:
    epochs = Epochs(make_source(Numbers(30), shuffle=True))
    order = rows_of(epochs)
    assert order != [[i] for i in range(30)]
    assert sorted(order) == [[i] for i in range(30)]


def test_workers_prepare_batches_in_threads_and_keep_the_order() -> None:
    data = Numbers(25, workers=3, max_queue_size=4)
    epochs = Epochs(make_source(data))
    data.threads.clear()
    assert rows_of(epochs) == [[i] for i in range(25)]
    assert threading.get_ident() not in data.threads


def test_a_plain_object_with_length_and_items_is_a_data_set() -> None:
    class Plain:
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            return [[index]], [index], [1.0]

    batches = list(make_source(Plain()).epoch())
    assert len(batches) == 2
    np.testing.assert_array_equal(batches[1][0], [[1]])
    np.testing.assert_array_equal(batches[1][2], [1.0])


def test_a_generator_loses_no_batch_to_looking_ahead() -> None:
    def batches() -> Iterator[Any]:
        for i in range(5):
            yield np.array([[i]]), np.array([i])

    epochs = Epochs(make_source(batches()), steps=2)
    assert epochs.first[0].tolist() == [[0]]
    assert rows_of(epochs) == [[0], [1]]
    assert rows_of(epochs) == [[2], [3]]
    with pytest.warns(UserWarning, match="data ran out"):
        assert rows_of(epochs) == [[4]]


def test_another_iterable_starts_anew_each_epoch() -> None:
    class Loader:
        def __iter__(self) -> Iterator[Any]:
            return iter([(np.array([[1]]), np.array([1])), (np.array([[2]]), np.array([2]))])

    epochs = Epochs(make_source(Loader()))
    assert epochs.steps is None
    for _ in range(2):
        assert rows_of(epochs) == [[1], [2]]
    assert epochs.steps == 2


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ((np.zeros((2, 1)), np.zeros(3)), "2 rows in x of batch 1 and 3 in y of batch 1"),
        ((np.array([[np.nan]]), np.zeros(1)), "x of batch 1 expected finite numbers, got nan"),
        ((np.zeros((1, 1)), np.array(["a"])), "y of batch 1 expected numbers, got dtype <U1"),
        ((1, 2, 3, 4), "got 4 elements"),
        ((None, np.zeros(1)), "x of batch 1 expected an array, got None"),
    ],
)
def test_a_bad_batch_is_named(batch: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_source(iter([batch])).first()


def test_an_empty_data_set_is_refused() -> None:
    with pytest.raises(ValueError, match="generator with at least one batch, got an empty one"):
        make_source(b for b in ()).first()
    with pytest.raises(ValueError, match="Numbers expected at least one batch"):
        make_source(Numbers(0))


def test_targets_beside_a_data_set_are_refused() -> None:
    with pytest.raises(ValueError, match="y expected nothing, because x is a Numbers"):
        make_source(Numbers(1), np.zeros(1))


def test_a_batch_size_beside_a_data_set_is_a_warning() -> None:
    with pytest.warns(UserWarning, match="batch_size=3 has no effect, because x is a Numbers"):
        make_source(Numbers(1), batch_size=3)


def test_no_data_is_refused() -> None:
    with pytest.raises(ValueError, match="x expected data, got None"):
        make_source(None)


def test_packing_is_the_inverse_of_unpacking() -> None:
    for data in ((1,), (1, 2), (1, 2, 3)):
        packed = pack_x_y_sample_weight(*data)
        assert unpack_x_y_sample_weight(packed) == (*data, None, None)[:3]
    assert pack_x_y_sample_weight([1, 2]) == ([1, 2],)


def test_a_full_epoch_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows_of(Epochs(make_source(numbered(3)), steps=1))
