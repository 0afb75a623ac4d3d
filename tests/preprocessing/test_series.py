"""Windows over a series as a data set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import leftfold
from leftfold import Sequential, layers
from leftfold.engine.random import set_random_seed
from leftfold.preprocessing.series import timeseries_dataset_from_array

SERIES = np.arange(20)


def begins(windows: Any) -> list[int]:
    """The first step of every window, in order."""
    return [int(window[0]) for batch, _ in windows for window in batch.numpy()]


@given(
    st.integers(1, 30),
    st.integers(1, 5),
    st.integers(1, 4),
    st.integers(1, 3),
    st.one_of(st.none(), st.integers(1, 7)),
    st.booleans(),
)
def test_every_window_is_there_once_with_its_target(
    steps: int, length: int, stride: int, rate: int, batch_size: int | None, shuffle: bool
) -> None:
    data = np.arange(steps)
    starts = range(0, steps - (length - 1) * rate, stride)
    arguments = {"sequence_stride": stride, "sampling_rate": rate, "shuffle": shuffle}
    if not starts:
        with pytest.raises(ValueError, match="expected room for a window"):
            timeseries_dataset_from_array(data, data * 10, length, **arguments)
        return
    dataset = timeseries_dataset_from_array(
        data, data * 10, length, batch_size=batch_size, **arguments
    )
    batches = list(dataset)
    assert len(dataset) == len(batches) == -(-len(starts) // (batch_size or 1))
    found = [
        (tuple(window), int(target))
        for windows, targets in batches
        for window, target in zip(
            windows.numpy().reshape(-1, length), targets.numpy().reshape(-1), strict=True
        )
    ]
    expected = [(tuple(range(s, s + length * rate, rate)), s * 10) for s in starts]
    assert (sorted(found) if shuffle else found) == expected


def test_features_and_targets_keep_shape_and_type() -> None:
    data = np.random.default_rng(0).standard_normal((20, 3))
    targets = np.random.default_rng(1).standard_normal((20, 2)).astype("float32")
    windows, aims = next(iter(timeseries_dataset_from_array(data, targets, 4, batch_size=5)))
    assert (windows.shape, aims.shape) == ((5, 4, 3), (5, 2))
    assert (windows.dtype, aims.dtype) == ("float64", "float32")
    np.testing.assert_array_equal(windows[2], data[2:6])
    np.testing.assert_array_equal(aims, targets[:5])


def test_orders_differ_between_loops_and_repeat_with_their_seed() -> None:
    def shuffled(seed: int | None) -> Any:
        return timeseries_dataset_from_array(SERIES, SERIES, 2, shuffle=True, seed=seed)

    dataset = shuffled(3)
    first, second = begins(dataset), begins(dataset)
    assert first != second
    assert sorted(first) == sorted(second) == list(range(19))
    again = shuffled(3)
    assert [begins(again), begins(again)] == [first, second]
    orders = []
    for _ in range(2):
        set_random_seed(9)
        orders.append(begins(shuffled(None)))
    assert orders[0] == orders[1]


def test_the_result_has_the_methods_of_a_data_set() -> None:
    dataset = timeseries_dataset_from_array(SERIES, SERIES, 3, batch_size=4)
    assert begins(dataset) == begins(dataset) == list(range(18))
    assert begins(dataset.skip(1).take(2)) == list(range(4, 12))
    doubled = dataset.map(lambda windows, targets: (windows * 2, targets)).prefetch(2)
    assert begins(doubled)[:3] == [0, 2, 4]
    windows, targets = next(dataset.as_numpy_iterator())
    assert type(windows) is type(targets) is np.ndarray


def test_windows_alone_are_for_prediction() -> None:
    dataset = timeseries_dataset_from_array(SERIES / 20, None, 4, batch_size=5)
    assert [batch.shape for batch in dataset] == [(5, 4), (5, 4), (5, 4), (2, 4)]
    model = Sequential([layers.Reshape((4, 1)), layers.SimpleRNN(3), layers.Dense(1)])
    assert model.predict(dataset, verbose=0).shape == (17, 1)


def test_a_model_trains_on_it_and_is_judged_on_it() -> None:
    wave = np.sin(np.arange(300) / 5)[:, None]
    train, valid = (
        leftfold.utils.timeseries_dataset_from_array(
            wave[:-8],
            wave[8:],
            8,
            batch_size=16,
            shuffle=start == 0,
            start_index=start,
            end_index=end,
        )
        for start, end in ((0, 200), (200, 290))
    )
    model = Sequential([layers.GRU(8), layers.Dense(1)])
    model.compile(leftfold.optimizers.Adam(0.02), "mse")
    history = model.fit(train, validation_data=valid, epochs=8, verbose=0).history
    assert history["val_loss"][-1] < 0.02
    assert model.evaluate(valid, verbose=0) == pytest.approx(history["val_loss"][-1], rel=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sequence_length": 0}, "sequence_length to be a positive integer, got 0"),
        ({"sequence_length": 2.5}, "sequence_length to be a positive integer, got 2.5"),
        ({"sequence_stride": 0}, "sequence_stride to be a positive integer, got 0"),
        ({"sampling_rate": -1}, "sampling_rate to be a positive integer, got -1"),
        ({"batch_size": 0}, "batch_size to be a positive integer, got 0"),
        ({"format": "torch"}, "format to be 'tf' or 'grain', got 'torch'"),
        ({"start_index": -1}, "20, the length of data, got start_index=-1"),
        ({"start_index": 20}, "got start_index=20"),
        ({"end_index": 21}, "end_index=21"),
        ({"start_index": 5, "end_index": 5}, "got start_index=5 and end_index=5"),
        ({"sequence_length": 21}, "room for a window of 21 steps .* got 20 steps with 20 targets"),
        ({"targets": []}, "got 20 steps with 0 targets"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        timeseries_dataset_from_array(
            **{"data": SERIES, "targets": SERIES, "sequence_length": 3, **arguments}
        )
