from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leftfold import Input, Model, Sequential, layers, losses, metrics, ops, optimizers
from leftfold.engine import Tensor
from leftfold.models.compile import CompiledLoss
from leftfold.models.compile_metrics import CompiledMetrics

RNG = np.random.default_rng(0)
X = RNG.standard_normal((12, 3)).astype(np.float32)


def two_outputs() -> Model:
    x = layers.Input((3,))
    hidden = layers.Dense(4)(x)
    price = layers.Dense(1, name="price")(hidden)
    kind = layers.Dense(3, activation="softmax", name="kind")(hidden)
    return Model(x, [price, kind])


PRICE = RNG.standard_normal((12, 1)).astype(np.float32)
KIND = RNG.integers(0, 3, 12)
ONE_HOT = np.eye(3, dtype=np.float32)[KIND]


def tensors(*shapes: tuple[int, ...]) -> list[Tensor]:
    return [Tensor(RNG.random(shape).astype(np.float32)) for shape in shapes]


def test_names_and_objects_mean_the_same() -> None:
    y_true, y_pred = tensors((4, 2), (4, 2))
    expected = np.mean((y_true.data - y_pred.data) ** 2)
    for loss in (
        "mse",
        "mean_squared_error",
        "MeanSquaredError",
        losses.MeanSquaredError(),
        losses.mean_squared_error,
        lambda t, p: ops.mean(ops.square(t - p), axis=-1),
    ):
        np.testing.assert_allclose(CompiledLoss(loss)(y_true, y_pred), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("targets", "outputs", "kind"),
    [
        ((4, 1), (4, 1), losses.binary_crossentropy),
        ((4,), (4, 3), losses.sparse_categorical_crossentropy),
        ((4, 3), (4, 3), losses.categorical_crossentropy),
    ],
)
def test_crossentropy_becomes_the_kind_that_fits(targets: Any, outputs: Any, kind: Any) -> None:
    y_true, y_pred = tensors(targets, outputs)
    y_true.data[...] = y_true.data.round()
    expected = np.mean(np.asarray(kind(y_true, y_pred)))
    np.testing.assert_allclose(CompiledLoss("crossentropy")(y_true, y_pred), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("targets", "outputs", "kind"),
    [
        ((4, 1), (4, 1), metrics.BinaryAccuracy),
        ((4,), (4, 3), metrics.SparseCategoricalAccuracy),
        ((4, 1), (4, 3), metrics.SparseCategoricalAccuracy),
        ((4, 5), (4, 5, 3), metrics.SparseCategoricalAccuracy),
        ((4, 3), (4, 3), metrics.CategoricalAccuracy),
    ],
)
@pytest.mark.parametrize("name", ["accuracy", "acc"])
def test_accuracy_becomes_the_kind_that_fits(
    targets: Any, outputs: Any, kind: Any, name: str
) -> None:
    compiled = CompiledMetrics([name])
    compiled.build(*tensors(targets, outputs))
    assert type(compiled.metrics[0]) is kind
    assert list(compiled.result()) == [name]


@pytest.mark.parametrize(
    "loss",
    [
        ["mse", "sparse_categorical_crossentropy"],
        {"kind": "sparse_categorical_crossentropy", "price": "mse"},
    ],
    ids=["list", "dictionary"],
)
@pytest.mark.parametrize("y", [[PRICE, KIND], {"kind": KIND, "price": PRICE}], ids=["list", "dict"])
def test_each_output_has_its_loss_and_the_total_their_weighted_sum(loss: Any, y: Any) -> None:
    model = two_outputs()
    model.compile("sgd", loss, loss_weights={"price": 2.0, "kind": 0.5})
    logs = model.evaluate(X, y, verbose=0, return_dict=True)
    assert set(logs) == {"loss", "price_loss", "kind_loss"}
    np.testing.assert_allclose(
        logs["loss"], 2.0 * logs["price_loss"] + 0.5 * logs["kind_loss"], rtol=1e-5
    )
    price, _ = model.predict(X, verbose=0)
    np.testing.assert_allclose(logs["price_loss"], np.mean((price - PRICE) ** 2), rtol=1e-5)


def test_weights_without_a_list_weigh_all() -> None:
    y_true, y_pred = tensors((4, 2), (4, 2))
    once, thrice = CompiledLoss("mse"), CompiledLoss("mse", 3.0)
    np.testing.assert_allclose(
        thrice(y_true, y_pred), 3 * np.asarray(once(y_true, y_pred)), rtol=1e-6
    )


@pytest.mark.parametrize("y", [[PRICE], PRICE, [PRICE, None]])
def test_an_output_may_have_no_loss(y: Any) -> None:
    model = two_outputs()
    model.compile("sgd", {"price": "mse"})
    if isinstance(y, list) and len(y) == 2:
        y = {"price": PRICE}
    logs = model.evaluate(X, y, verbose=0, return_dict=True)
    assert set(logs) == {"loss"}


def test_metrics_of_several_outputs_carry_their_names() -> None:
    model = two_outputs()
    model.compile(
        "sgd",
        ["mse", "sparse_categorical_crossentropy"],
        metrics={"price": "mae", "kind": ["accuracy", "accuracy"]},
    )
    history = model.fit(X, [PRICE, KIND], verbose=0).history
    assert list(history) == [
        "kind_accuracy",
        "kind_accuracy_1",
        "kind_loss",
        "loss",
        "price_loss",
        "price_mae",
    ]


def test_one_loss_serves_all_outputs() -> None:
    model = two_outputs()
    model.compile("sgd", "mse", metrics=[["mae"], []])
    assert set(model.fit(X, [PRICE, ONE_HOT], verbose=0).history) == {
        "loss",
        "price_loss",
        "kind_loss",
        "price_mae",
    }


def test_sample_weights_reach_losses_and_weighted_metrics_alone() -> None:
    model = Sequential([layers.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mae"])
    y = RNG.standard_normal((12, 1)).astype(np.float32)
    weights = np.arange(12.0)
    logs = model.evaluate(X, y, sample_weight=weights, verbose=0, return_dict=True)
    error = np.abs(model.predict(X, verbose=0) - y)[:, 0]
    np.testing.assert_allclose(logs["mae"], error.mean(), rtol=1e-5)
    np.testing.assert_allclose(logs["weighted_mae"], np.average(error, weights=weights), rtol=1e-5)
    np.testing.assert_allclose(logs["loss"], np.mean(weights * error**2), rtol=1e-5)


def test_a_function_is_a_metric_under_its_name() -> None:
    def bias(y_true: Any, y_pred: Any) -> Any:
        return ops.mean(y_pred - y_true, axis=-1)

    model = Sequential([layers.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=[bias, metrics.MeanAbsoluteError(name="off")])
    logs = model.evaluate(X, PRICE, verbose=0, return_dict=True)
    np.testing.assert_allclose(
        logs["bias"], np.mean(model.predict(X, verbose=0) - PRICE), rtol=1e-4
    )
    assert "off" in logs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"optimizer": "adamm"}, "Unknown optimizer 'adamm'. Did you mean 'adam'"),
        ({"loss": "mean_squared_eror"}, "Unknown loss.* Did you mean 'mean_squared_error'"),
        ({"loss": ["mse", "maee"]}, "Unknown loss 'maee'"),
        ({"metrics": ["acuracy"]}, "Unknown metric 'acuracy'. Did you mean"),
        ({"metrics": "accuracy"}, "metrics expected a list or a dictionary, got str 'accuracy'"),
    ],
)
def test_unknown_names_are_refused_by_compile_with_the_nearest(
    arguments: Any, message: str
) -> None:
    model = Sequential([layers.Dense(1)])
    with pytest.raises(ValueError, match=message):
        model.compile(**{"loss": "mse", **arguments})


@pytest.mark.parametrize(
    ("arguments", "y", "message"),
    [
        (
            {"loss": {"cost": "mse"}},
            [PRICE, KIND],
            "loss expected keys out of .*price, kind.*'cost'",
        ),
        ({"loss": ["mse"] * 3}, [PRICE, KIND], r"one entry for each .*\(price, kind\), got 3"),
        ({"loss": "mse"}, PRICE, r"y expected one entry .*\(price, kind\), got a single one"),
        ({"loss": "mse", "metrics": ["mae"]}, [PRICE, ONE_HOT], "metrics expected one entry"),
        ({"loss": "mse", "loss_weights": [1, 2, 3]}, [PRICE, KIND], "loss_weights expected one"),
    ],
)
def test_what_does_not_match_the_outputs_is_refused(arguments: Any, y: Any, message: str) -> None:
    model = two_outputs()
    model.compile("sgd", **arguments)
    with pytest.raises(ValueError, match=message):
        model.fit(X, y, verbose=0)


def test_without_a_loss_there_is_nothing_to_train_on() -> None:
    model = Sequential([layers.Input((3,)), layers.Dense(1)])
    model.compile("sgd")
    with pytest.raises(
        ValueError, match=r"no loss to train on: give compile\(\) the argument loss"
    ):
        model.fit(X, PRICE, verbose=0)


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_an_uncompiled_model_says_what_to_call(method: str) -> None:
    model = Sequential([layers.Input((3,)), layers.Dense(1)])
    with pytest.raises(
        ValueError, match=rf"{method}\(\) expected .* model.compile\(optimizer, loss"
    ):
        getattr(model, method)(X, PRICE)


def test_compiling_again_forgets_the_earlier_settings() -> None:
    model = Sequential([layers.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    model.fit(X, PRICE, verbose=0)
    model.compile("adam", "mae")
    assert isinstance(model.optimizer, optimizers.Adam)
    assert list(model.fit(X, PRICE, verbose=0).history) == ["loss"]


def test_metrics_names_are_those_of_keras() -> None:
    model = Sequential([layers.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    assert model.metrics_names == ["loss", "compile_metrics"]


def test_the_settings_come_back_from_their_configuration() -> None:
    model = two_outputs()
    model.compile(
        optimizers.SGD(0.1, momentum=0.9),
        ["mse", losses.SparseCategoricalCrossentropy(from_logits=True)],
        loss_weights=[1.0, 0.5],
        metrics={"kind": ["accuracy"]},
    )
    other = two_outputs()
    other.compile_from_config(model.get_compile_config())
    assert other.optimizer.get_config() == model.optimizer.get_config()
    assert other.optimizer.built
    other.set_weights(model.get_weights())
    assert other.evaluate(X, [PRICE, KIND], verbose=0) == model.evaluate(
        X, [PRICE, KIND], verbose=0
    )


def test_metrics_in_the_place_of_loss_weights_are_pointed_out() -> None:
    model = Sequential([layers.Input((3,)), layers.Dense(1)])
    with pytest.raises(ValueError, match=r"loss_weights expected numbers, got \['accuracy'\]: met"):
        model.compile("adam", "mse", ["accuracy"])


def test_losses_of_outputs_in_a_dictionary_are_told_in_the_order_of_the_losses():
    inputs = layers.Input((2,))
    outputs = {name: layers.Dense(1, name=name)(inputs) for name in ("a", "b")}
    model = Model(inputs, outputs)
    model.compile("sgd", {"b": "mse", "a": "mae"})
    x, y = np.ones((4, 2)), {"a": np.ones(4), "b": 2 * np.ones(4)}
    total, first, second = model.evaluate(x, y, verbose=0)
    assert model.metrics_names == ["loss", "b_loss", "a_loss"]
    told = model.evaluate(x, y, verbose=0, return_dict=True)
    assert (first, second) == (told["b_loss"], told["a_loss"])
    assert total == pytest.approx(first + second)


@pytest.mark.parametrize("loss", [["mse"], [["mse"]], {"a": ["mse"]}, {"a": "mse"}])
def test_an_output_takes_a_list_of_one_loss(loss: Any) -> None:
    begin = Input((3,))
    model = Model(begin, layers.Dense(1, name="a")(begin))
    model.compile("sgd", loss=loss)
    figures = model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0).history
    assert list(figures) == ["loss"]
