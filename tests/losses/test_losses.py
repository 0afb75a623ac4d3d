import functools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold import Input, Sequential, layers, losses, ops
from leftfold.engine import Tape, Tensor

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "training_parts.json").read_text(encoding="utf-8")
)["losses"]
RNG = np.random.default_rng(4)


def case_id(case):
    return "-".join([case["name"], *(f"{k}={v}" for k, v in case["arguments"].items())])


def build(case, **more):
    return getattr(losses, case["name"])(**case["arguments"], **more)


@pytest.mark.parametrize("case", GOLDEN, ids=case_id)
def test_values_of_every_reduction_agree_with_keras(case):
    y_true, y_pred = np.array(case["y_true"]), np.array(case["y_pred"], "float32")
    for reduction, (plain, weighted) in case["values"].items():
        loss = build(case, reduction=reduction)
        np.testing.assert_allclose(loss(y_true, y_pred), plain, rtol=2e-6, atol=1e-6)
        actual = loss(y_true, y_pred, np.array(case["weights"]))
        np.testing.assert_allclose(actual, weighted, rtol=2e-6, atol=1e-6)
        assert actual.dtype == "float32"


@pytest.mark.parametrize("case", GOLDEN, ids=case_id)
def test_gradients_agree_with_keras(case):
    y_pred = Tensor(np.array(case["y_pred"], "float32"), tracked=True)
    with Tape() as tape:
        value = build(case)(np.array(case["y_true"]), y_pred)
    (gradient,) = tape.gradient(value, [y_pred])
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, case["gradient"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", GOLDEN, ids=case_id)
def test_gradients_agree_with_differences_in_float64(case):
    y_true, y_pred = np.array(case["y_true"]), np.array(case["y_pred"])
    if case["arguments"].get("from_logits") or y_pred.min() < 0 or y_pred.max() > 1:
        y_pred = y_pred + 0.011 * RNG.normal(size=y_pred.shape)
    else:
        y_pred = np.clip(y_pred, 0.02, 0.95) + 0.001
    loss = build(case, dtype="float64")
    tracked = Tensor(y_pred, tracked=True)
    with Tape() as tape:
        value = loss(y_true, tracked, case["weights"])
    (gradient,) = tape.gradient(value, [tracked])
    for index in np.ndindex(y_pred.shape):
        step = np.zeros_like(y_pred)
        step[index] = 1e-6
        ahead, behind = (
            float(loss(y_true, y_pred + sign * step, case["weights"])) for sign in (1, -1)
        )
        assert gradient[index] == pytest.approx((ahead - behind) / 2e-6, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize(
    "name",
    [
        "mean_squared_error",
        "mean_absolute_error",
        "huber",
        "log_cosh",
        "kl_divergence",
        "binary_crossentropy",
        "categorical_crossentropy",
        "poisson",
        "cosine_similarity",
    ],
)
def test_targets_have_gradients_too(name):
    function = losses.get(name)
    y_true = RNG.uniform(0.2, 0.8, (2, 3))
    y_pred = RNG.uniform(0.2, 0.8, (2, 3))
    tracked = Tensor(y_true, tracked=True)
    with Tape() as tape:
        value = ops.sum(function(tracked, y_pred))
    (gradient,) = tape.gradient(value, [tracked])
    for index in np.ndindex(y_true.shape):
        step = np.zeros_like(y_true)
        step[index] = 1e-6
        ahead, behind = (float(np.sum(function(y_true + sign * step, y_pred))) for sign in (1, -1))
        assert gradient[index] == pytest.approx((ahead - behind) / 2e-6, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("case", GOLDEN, ids=case_id)
def test_configuration_round_trip(case):
    loss = build(case, reduction="sum", name="mine")
    config = json.loads(json.dumps(losses.serialize(loss)))
    assert config["module"] == "keras.losses"
    again = losses.deserialize(config)
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    arguments = np.array(case["y_true"]), np.array(case["y_pred"], "float32")
    assert float(again(*arguments)) == float(loss(*arguments))


def test_configuration_is_keras_own():
    assert losses.serialize(losses.BinaryCrossentropy()) == {
        "module": "keras.losses",
        "class_name": "BinaryCrossentropy",
        "config": {
            "name": "binary_crossentropy",
            "reduction": "sum_over_batch_size",
            "from_logits": False,
            "label_smoothing": 0.0,
            "axis": -1,
        },
        "registered_name": None,
    }
    assert losses.serialize(losses.mean_squared_error) == {
        "module": "builtins",
        "class_name": "function",
        "config": "mean_squared_error",
        "registered_name": "function",
    }
    assert losses.deserialize(losses.serialize(losses.get("mse"))) is losses.mean_squared_error


def test_names_resolve():
    for name in ("mse", "MSE", "mean_squared_error"):
        assert losses.get(name) is losses.mean_squared_error
    assert losses.get("kld") is losses.kl_divergence
    assert losses.get("logcosh") is losses.log_cosh
    assert type(losses.get("BinaryCrossentropy")) is losses.BinaryCrossentropy
    assert losses.get(None) is None
    own = losses.Huber(2.0)
    assert losses.get(own) is own
    assert losses.Huber().name == "huber_loss"
    assert losses.MeanSquaredError().name == "mean_squared_error"


def test_an_unknown_name_suggests_the_nearest():
    message = r"Unknown loss 'binary_crossentopy'. Did you mean 'binary_crossentropy'\?"
    with pytest.raises(ValueError, match=message):
        losses.get("binary_crossentopy")
    with pytest.raises(ValueError, match="reduction expected one of 'sum_over_batch_size'"):
        losses.MeanSquaredError(reduction="median")
    with pytest.raises(TypeError, match="MeanSquaredError has no argument 'delta'"):
        losses.MeanSquaredError(delta=1.0)


def test_a_column_and_a_vector_are_compared_element_by_element():
    y_true, y_pred = np.array([1.0, 2.0, 4.0]), np.array([[1.0], [3.0], [2.0]])
    for loss in (losses.MeanSquaredError(), losses.mean_squared_error):
        assert float(np.mean(loss(y_true, y_pred))) == pytest.approx(5 / 3)
        assert float(np.mean(loss(y_pred, y_true))) == pytest.approx(5 / 3)
    binary = losses.BinaryCrossentropy()
    assert float(binary([1, 0], [[0.8], [0.4]])) == pytest.approx(-np.log([0.8, 0.6]).mean())


def test_a_last_axis_of_one_is_dropped_from_sequences():
    y_true, y_pred = RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3, 1))
    expected = np.square(y_true - y_pred[..., 0]).mean(axis=-1)
    loss = losses.MeanSquaredError(reduction="none", dtype="float64")
    np.testing.assert_allclose(loss(y_true, y_pred), expected)
    np.testing.assert_allclose(loss(y_pred, y_true), expected)


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"one shape, got \(2,\) and \(2, 3\).*sparse_categ"):
        losses.CategoricalCrossentropy()([0, 1], np.full((2, 3), 1 / 3))
    with pytest.raises(ValueError, match=r"got \(2, 3\). For one-hot targets, use categorical"):
        losses.SparseCategoricalCrossentropy()(np.eye(3)[:2], np.full((2, 3), 1 / 3))
    with pytest.raises(ValueError, match=r"\(2,\) and \(2, 3\)"):
        losses.MeanSquaredError()([0.0, 1.0], np.zeros((2, 3)))


def test_labels_outside_the_classes_are_named():
    for label in (3, -1):
        with pytest.raises(ValueError, match=f"0 to 2 .*{label}"):
            losses.SparseCategoricalCrossentropy()([0, label], np.full((2, 3), 1 / 3))
    with pytest.raises(ValueError, match="fractions"):
        losses.SparseCategoricalCrossentropy()([0, 0.5], np.full((2, 3), 1 / 3))


def test_large_class_numbers_stay_exact():
    classes = 2**24 + 2
    y_pred = np.zeros((1, classes), "float32")
    y_pred[0, classes - 1] = 5.0
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    hit, miss = (float(loss([label], y_pred)[0]) for label in (classes - 1, classes - 2))
    assert miss - hit == pytest.approx(5.0, abs=1e-4)


def test_masked_elements_do_not_count_in_the_mean():
    y_true, y_pred = RNG.normal(size=(2, 3, 4)), RNG.normal(size=(2, 3, 4))
    mask = np.array([[True, True, False], [True, False, False]])
    each = np.square(y_true - y_pred).mean(-1)
    prediction = Tensor(y_pred)
    prediction._keras_mask = mask

    def loss(**settings):
        return float(losses.MeanSquaredError(dtype="float64", **settings)(y_true, prediction))

    assert loss() == pytest.approx(each[mask].mean())
    assert loss(reduction="sum") == pytest.approx(each[mask].sum())
    assert loss(reduction="mean_with_sample_weight") == pytest.approx(each[mask].mean())
    prediction._keras_mask = np.zeros((2, 3), bool)
    assert loss() == 0.0


def test_masks_and_weights_combine():
    y_true, y_pred = RNG.normal(size=(2, 3, 1)), RNG.normal(size=(2, 3, 1))
    mask = np.array([[True, True, False], [True, False, False]])
    weights = RNG.uniform(0.5, 2, (2, 3))
    prediction = Tensor(y_pred)
    prediction._keras_mask = mask
    each = np.square(y_true - y_pred)[..., 0]
    value = float(losses.MeanSquaredError(dtype="float64")(y_true, prediction, weights))
    assert value == pytest.approx((each * weights)[mask].sum() / 3)


def test_ignored_classes_do_not_count_even_with_a_mask_and_nans():
    y_pred = np.array([[0.5, 0.5], [np.nan, np.nan], [0.25, 0.75]])
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1, dtype="float64")
    tracked = Tensor(y_pred, tracked=True)
    with Tape() as tape:
        value = loss(np.array([0, -1, 1]), tracked)
    assert float(value) == pytest.approx(-np.log([0.5, 0.75]).mean())
    (gradient,) = tape.gradient(value, [tracked])
    assert np.isfinite(gradient).all()
    assert np.array_equal(gradient[1], [0, 0])
    tracked._keras_mask = np.array([True, True, False])
    assert float(loss(np.array([0, -1, 1]), tracked)) == pytest.approx(-np.log(0.5))


def test_weights_of_samples_reach_every_timestep():
    y_true, y_pred = RNG.normal(size=(3, 3, 2)), RNG.normal(size=(3, 3, 2))
    each = np.square(y_true - y_pred).mean(-1)
    weights = np.array([1.0, 0.0, 2.0])
    value = float(losses.MeanSquaredError(dtype="float64")(y_true, y_pred, weights))
    assert value == pytest.approx((each * weights[:, None]).mean())
    column = float(losses.MeanSquaredError(dtype="float64")(y_true, y_pred, weights[:, None]))
    assert column == pytest.approx(value)


def test_a_column_of_weights_counts_once_for_each_sample():
    y_true, y_pred = RNG.normal(size=(3, 2)), RNG.normal(size=(3, 2))
    loss, weights = losses.MeanSquaredError(dtype="float64"), np.array([1.0, 0.0, 2.0])
    assert float(loss(y_true, y_pred, weights[:, None])) == float(loss(y_true, y_pred, weights))


def test_weights_and_masks_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"sample_weight of shape \(4,\) does not fit .*\(3,\)"):
        losses.MeanSquaredError()(np.zeros((3, 2)), np.zeros((3, 2)), np.ones(4))
    prediction = Tensor(np.zeros((3, 2)))
    prediction._keras_mask = np.ones((3, 2), bool)
    with pytest.raises(ValueError, match=r"mask of shape \(3, 2\).*a last axis"):
        losses.MeanSquaredError()(np.zeros((3, 2)), prediction)


def test_a_function_of_ones_own_becomes_a_loss():
    def distance(y_true, y_pred, power=1):
        return ops.mean(ops.power(ops.abs(y_true - y_pred), power), axis=-1)

    loss = losses.LossFunctionWrapper(distance, name="distance", power=3)
    assert float(loss([[1.0], [2.0]], [[3.0], [2.0]])) == 4.0
    config = losses.serialize(loss)
    assert config["config"]["fn"]["config"] == "distance"
    again = losses.deserialize(config, {"distance": distance})
    assert float(again([[1.0], [2.0]], [[3.0], [2.0]])) == 4.0


def test_a_class_of_ones_own_needs_only_call():
    class Weighted(losses.Loss):
        def __init__(self, factor=2.0, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def call(self, y_true, y_pred):
            return self.factor * ops.mean(ops.square(y_true - y_pred), axis=-1)

        def get_config(self):
            return {**super().get_config(), "factor": self.factor}

    loss = Weighted(3.0)
    assert loss.name == "weighted"
    assert float(loss([[1.0]], [[3.0]])) == 12.0
    again = losses.deserialize(losses.serialize(loss), {"Weighted": Weighted})
    assert again.factor == 3.0


def test_a_loss_that_is_one_number_may_be_weighted():
    def total(y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred))

    loss = losses.LossFunctionWrapper(total)
    assert float(loss([[1.0], [2.0]], [[3.0], [2.0]])) == 2.0


def test_confident_mistakes_cost_as_much_as_epsilon_allows():
    value = float(losses.BinaryCrossentropy()([[1.0]], [[0.0]]))
    assert value == pytest.approx(-np.log(1e-7), rel=1e-5)
    assert float(losses.BinaryCrossentropy(from_logits=True)([[1.0]], [[-200.0]])) == 200.0


@given(st.integers(1, 5), st.integers(1, 5), st.integers(2, 5))
def test_sparse_and_one_hot_targets_give_the_same_loss(batch, time, classes):
    labels = RNG.integers(0, classes, (batch, time))
    logits = RNG.normal(size=(batch, time, classes)) * 5
    one_hot = np.eye(classes)[labels]
    for from_logits, y_pred in ((True, logits), (False, np.exp(logits))):
        sparse = losses.sparse_categorical_crossentropy(labels, y_pred, from_logits)
        dense = losses.categorical_crossentropy(one_hot, y_pred, from_logits)
        np.testing.assert_allclose(sparse, dense, rtol=1e-9)


FUNCTION = losses.LossFunctionWrapper


@pytest.mark.parametrize(
    ("loss", "settings"),
    [
        (losses.MeanSquaredError, {}),
        (losses.BinaryCrossentropy, {}),
        (losses.BinaryCrossentropy, {"label_smoothing": 0.2}),
        (FUNCTION, {"fn": losses.mean_squared_error}),
        (FUNCTION, {"fn": losses.binary_crossentropy}),
    ],
)
@pytest.mark.parametrize(
    ("y_true", "y_pred"), [((4, 3), (4, 3)), ((4,), (4, 1)), ((4, 1), (4, 3)), ((2, 5, 3),) * 2]
)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.filterwarnings("ignore:Targets of shape")
def test_the_short_way_to_a_mean_gives_what_the_long_way_gives(
    loss, settings, y_true, y_pred, order
):
    short_way, long_way = loss(**settings), loss(**settings, reduction=None)
    if short_way.fn is losses.binary_crossentropy and y_true == (4, 1):
        pytest.skip("it refuses such shapes")
    rng = np.random.default_rng(3)
    targets = Tensor(np.asarray(rng.random(y_true), "f4", order=order), tracked=True)
    outputs = Tensor(np.asarray(rng.random(y_pred), "f4", order=order), tracked=True)
    with Tape() as tape:
        short = short_way(targets, outputs)
    with Tape() as long_tape:
        long = ops.mean(long_way(targets, outputs))
    np.testing.assert_allclose(short.item(), long.item(), rtol=1e-6)
    found = tape.gradient(short, [targets, outputs])
    for gradient, expected in zip(found, long_tape.gradient(long, [targets, outputs]), strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-7)


def test_a_subclass_with_a_call_of_its_own_is_asked_for_its_mean():
    class Doubled(losses.MeanSquaredError):
        def call(self, y_true, y_pred):
            return 2 * super().call(y_true, y_pred)

    assert Doubled()([[1.0]], [[4.0]]).item() == 18


def test_a_function_around_a_loss_does_not_inherit_its_short_way():
    @functools.wraps(losses.mean_squared_error)
    def doubled(y_true, y_pred):
        return 2 * losses.mean_squared_error(y_true, y_pred)

    assert losses.LossFunctionWrapper(doubled)([[1.0]], [[4.0]]).item() == 18


@pytest.mark.parametrize("loss", ["binary_crossentropy", "mse"])
def test_targets_without_the_last_axis_train_a_model(loss):
    model = Sequential([Input((2,)), layers.Dense(1, "sigmoid")])
    model.compile("sgd", loss)
    x, y = np.ones((8, 2), "f4"), np.arange(8) % 2
    history = model.fit(x, y, epochs=2, batch_size=4, verbose=0).history["loss"]
    same = model.evaluate(x, y, verbose=0)
    assert history[1] <= history[0]
    np.testing.assert_allclose(same, model.evaluate(x, y[:, None], verbose=0), rtol=1e-6)
