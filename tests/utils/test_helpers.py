"""Progress bars, data cut in two, sources of tensors, element types by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leftfold import Input, Model, Sequential, backend, callbacks, config, layers, ops, utils
from leftfold.engine.random import set_random_seed
from leftfold.preprocessing.dataset import Dataset


def test_a_bar_shows_means_and_values_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    bar = utils.Progbar(4, verbose=2, stateful_metrics=["accuracy"])
    for step in range(4):
        bar.add(1, values=[("loss", float(step)), ("accuracy", step / 4)])
    last = capsys.readouterr().out
    assert last.startswith("4/4 - 0s - ")
    assert last.endswith(" - loss: 3.0000 - accuracy: 0.7500\n")
    bar = utils.Progbar(None, interval=0)
    bar.update(2, [("loss", 1.0)])
    bar.update(3, [("loss", 4.0)])
    assert " 3/Unknown " in (line := capsys.readouterr().out)
    assert line.endswith(" - loss: 2.0000")


def test_a_bar_is_silent_when_told() -> None:
    with pytest.raises(ValueError, match="stateful_metrics or stateless_metrics, got both"):
        utils.Progbar(3, stateful_metrics=["a"], stateless_metrics=["b"])


def test_nothing_is_said_while_interactive_logging_is_off(
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = Sequential([Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    utils.disable_interactive_logging()
    try:
        assert not config.is_interactive_logging_enabled()
        model.fit(np.ones((4, 2)), np.ones(4), verbose=2)
        model.predict(np.ones((4, 2)))
        utils.Progbar(1).update(1)
        assert capsys.readouterr().out == ""
    finally:
        utils.enable_interactive_logging()
    model.fit(np.ones((4, 2)), np.ones(4), verbose=2)
    assert "loss" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"left_size": 0.8}, (8, 2)),
        ({"right_size": 3}, (7, 3)),
        ({"left_size": 4, "right_size": 0.2}, (4, 2)),
    ],
)
def test_data_is_cut_in_two(sizes: dict[str, Any], expected: tuple[int, int]) -> None:
    x, y = np.arange(20).reshape(10, 2), np.arange(10)
    left, right = utils.split_dataset((x, y), **sizes)
    assert (len(left), len(right)) == expected
    assert [int(label) for _, label in left] == list(range(expected[0]))
    assert [int(label) for _, label in right] == list(range(10 - expected[1], 10))
    rows, labels = next(iter(left.batch(3)))
    np.testing.assert_array_equal(rows, x[:3])
    np.testing.assert_array_equal(labels, y[:3])


def test_data_is_shuffled_before_it_is_cut_by_a_seed_alone() -> None:
    numbers = Dataset.range(12)
    first, again = (
        [int(v) for v in utils.split_dataset(numbers, 6, shuffle=True, seed=3)[0]] for _ in "12"
    )
    assert first == again != list(range(6))


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({}, "left_size or right_size, got neither"),
        ({"left_size": 12}, "a number below 10, got 12"),
        ({"left_size": 1.5}, "a share between 0 and 1"),
        ({"left_size": 7, "right_size": 7}, "two parts of 10 elements"),
    ],
)
def test_sizes_that_do_not_fit_are_named(sizes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        utils.split_dataset(np.arange(10), **sizes)


def test_the_inputs_of_a_tensor_are_found_once_each_in_order() -> None:
    a, b = Input((3,), name="a"), Input((3,), name="b")
    shared = layers.Dense(3)
    total = layers.Add()([shared(a), shared(b), a])
    assert [tensor.name for tensor in utils.get_source_inputs(total)] == ["a", "b"]
    assert utils.get_source_inputs(a) == [a]
    Model(utils.get_source_inputs(total), total)


def test_element_types_have_names() -> None:
    assert [utils.standardize_dtype(d) for d in (None, int, float, bool, np.float64, "int64")] == [
        *("float32", "int32", "float32", "bool", "float64", "int64")
    ]
    assert backend.is_float_dtype("float64") and not backend.is_float_dtype("int32")
    assert backend.is_int_dtype(np.uint8) and not backend.is_int_dtype(bool)
    assert backend.result_type("int32", "float32", "float64") == "float64"
    assert backend.result_type("int64", "float32") == "float32"
    assert (backend.get_uid("a"), backend.get_uid("a"), backend.get_uid("b")) == (1, 2, 1)


def test_images_first_are_refused_where_there_are_none() -> None:
    config.set_image_data_format("channels_last")
    with pytest.raises(ValueError, match="expected 'channels_last', got 'channels_first'"):
        config.set_image_data_format("channels_first")


def test_averaged_weights_judge_and_training_goes_on_with_the_others() -> None:
    x, y = np.linspace(-1, 1, 64).reshape(32, 2), np.ones((32, 1))

    def trained(*extra: Any) -> tuple[Any, Any]:
        set_random_seed(1)
        model = Sequential([Input((2,)), layers.Dense(1)])
        from leftfold.optimizers import SGD

        model.compile(SGD(0.1, use_ema=True, ema_momentum=0.9), "mse")
        history = model.fit(x, y, epochs=3, verbose=0, validation_data=(x, y), callbacks=extra)
        return model, history.history

    plain, without = trained()
    swapped, with_averages = trained(callbacks.SwapEMAWeights())
    assert without["loss"] == with_averages["loss"]
    assert without["val_loss"] != with_averages["val_loss"]
    for one, other in zip(plain.get_weights(), swapped.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(
        with_averages["val_loss"][-1], swapped.evaluate(x, y, verbose=0), rtol=1e-5
    )


def test_averages_must_be_kept_to_be_swapped() -> None:
    model = Sequential([Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="SwapEMAWeights expected an optimizer with use_ema=True"):
        model.evaluate(
            np.ones((4, 2)), np.ones(4), verbose=0, callbacks=[callbacks.SwapEMAWeights()]
        )


@pytest.mark.parametrize("name", ["float64", "int64", "float32", "bool"])
def test_element_types_of_arrays_are_taken_as_they_are(name: str) -> None:
    dtype = np.ones(2, name).dtype
    assert utils.standardize_dtype(dtype) == name
    assert ops.cast([1, 0], dtype).dtype == ops.zeros((2,), dtype=dtype).dtype == name
