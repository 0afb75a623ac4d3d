import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold import metrics, ops
from leftfold.engine import Tape, Tensor

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "training_parts.json").read_text(encoding="utf-8")
)["metrics"]
RNG = np.random.default_rng(7)


def case_id(case):
    return "-".join([case["name"], *(f"{k}={v}" for k, v in case["arguments"].items())])


def build(case):
    return getattr(metrics, case["name"])(**case["arguments"])


def feed(metric, case, weighted):
    y_true, y_pred = np.array(case["y_true"]), np.array(case["y_pred"], "float32")
    weights = np.array(case["weights"])
    for part in (slice(0, 3), slice(3, 4)):
        metric.update_state(y_true[part], y_pred[part], weights[part] if weighted else None)
    return metric.result()


@pytest.mark.parametrize("case", GOLDEN, ids=case_id)
def test_results_over_two_batches_agree_with_keras(case):
    for weighted, expected in zip((False, True), case["results"], strict=True):
        result = feed(build(case), case, weighted)
        assert result.dtype == "float32"
        np.testing.assert_allclose(result, expected, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("case", GOLDEN, ids=case_id)
def test_reset_forgets_everything(case):
    metric, fresh = build(case), build(case)
    feed(metric, case, False)
    metric.reset_state()
    assert all(not v.numpy().any() for v in metric.variables)
    np.testing.assert_array_equal(feed(metric, case, True), feed(fresh, case, True))


@pytest.mark.parametrize("case", GOLDEN, ids=case_id)
def test_configuration_round_trip_holds_what_keras_writes(case):
    metric = build(case)
    config = json.loads(json.dumps(metrics.serialize(metric)))
    assert config["module"] == "keras.metrics"
    for key, value in case["config"].items():
        if key == "name" and metric.name.rstrip("0123456789_") == value.rstrip("0123456789_"):
            continue
        assert config["config"][key] == pytest.approx(value), key
    again = metrics.deserialize(config)
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()
    np.testing.assert_array_equal(feed(again, case, True), feed(metric, case, True))


def test_names_resolve():
    for name, cls in {
        "mse": metrics.MeanSquaredError,
        "MAE": metrics.MeanAbsoluteError,
        "precision": metrics.Precision,
        "Recall": metrics.Recall,
        "auc": metrics.AUC,
        "AUC": metrics.AUC,
        "f1_score": metrics.F1Score,
        "binary_accuracy": metrics.BinaryAccuracy,
        "root_mean_squared_error": metrics.RootMeanSquaredError,
        "sparse_top_k_categorical_accuracy": metrics.SparseTopKCategoricalAccuracy,
        "cosine_similarity": metrics.CosineSimilarity,
    }.items():
        assert type(metrics.get(name)) is cls
    assert metrics.get(None) is None
    with pytest.raises(ValueError, match=r"Unknown metric 'percision'. Did you mean 'precision'\?"):
        metrics.get("percision")


def test_masked_elements_do_not_count():
    y_true = np.array([[1, 0, 1], [0, 1, 1]])
    y_pred = Tensor(np.array([[[0.9], [0.8], [0.3]], [[0.2], [0.1], [0.9]]]))
    y_pred._keras_mask = np.array([[True, True, False], [True, False, False]])
    for metric, expected in (
        (metrics.BinaryAccuracy(), 2 / 3),
        (metrics.Precision(), 1 / 2),
        (metrics.Recall(), 1.0),
        (metrics.TrueNegatives(), 1.0),
    ):
        assert float(metric(y_true, y_pred)) == pytest.approx(expected)
    squared = metrics.MeanSquaredError()
    assert float(squared(y_true[..., None], y_pred)) == pytest.approx((0.01 + 0.64 + 0.04) / 3)
    root = metrics.RootMeanSquaredError()
    assert float(root(y_true[..., None], y_pred)) == pytest.approx(np.sqrt(0.69 / 3))


def test_ignored_classes_do_not_count():
    metric = metrics.SparseCategoricalCrossentropy(ignore_class=-1)
    metric.update_state([0, -1], [[0.5, 0.5], [0.5, 0.5]])
    assert float(metric.result()) == pytest.approx(np.log(2))


def test_weights_of_samples_reach_every_timestep():
    y_true, y_pred = RNG.integers(0, 3, (4, 5)), RNG.normal(size=(4, 5, 3))
    weights = np.array([1.0, 0.0, 2.0, 0.5])
    hits = (y_pred.argmax(-1) == y_true).mean(1)
    metric = metrics.SparseCategoricalAccuracy()
    metric.update_state(y_true, y_pred, weights)
    assert float(metric.result()) == pytest.approx(np.average(hits, weights=weights))


def test_mean_counts_samples_alike_and_accepts_the_size_of_a_batch():
    mean = metrics.Mean()
    mean.update_state(2.0, sample_weight=3)
    mean.update_state(np.array([4.0, 6.0]))
    assert float(mean.result()) == pytest.approx((2.0 * 3 + 4 + 6) / 5)
    assert float(metrics.Mean().result()) == 0.0
    numbers = metrics.Mean()
    for number in (1.0, 4.0):
        numbers.update_state(number)
    assert float(numbers.result()) == 2.5
    rows = metrics.Mean()
    rows.update_state(np.array([[1.0, 3.0]]))
    rows.update_state(np.array([[5.0, 5.0], [8.0, 8.0]]))
    assert float(rows.result()) == pytest.approx(5.0)


def test_sum_adds_weighted_values_over_batches():
    total = metrics.Sum()
    total.update_state([1.0, 2.0, 3.0])
    total.update_state(np.array([[1.0, 1.0], [4.0, 4.0]]), sample_weight=[2.0, 0.5])
    assert float(total.result()) == 6.0 + 4.0 + 4.0


def test_counts_stay_exact_where_float32_would_stop():
    mean = metrics.Mean()
    for _ in range(3):
        mean.update_state(1.0, sample_weight=2.0**24)
        mean.update_state(0.0, sample_weight=1.0)
    assert float(mean.count) == 3 * 2**24 + 3


def test_a_function_of_ones_own_becomes_a_metric():
    def distance(y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred), axis=-1)

    metric = metrics.MeanMetricWrapper(distance)
    assert metric.name == "distance"
    prediction = Tensor(np.array([[1.0], [2.0]]), tracked=True)
    with Tape() as tape:
        metric.update_state(np.array([[3.0], [2.0]]), prediction)
    assert not tape.steps
    assert float(metric.result()) == 1.0
    config = metrics.serialize(metric)
    again = metrics.deserialize(config, {"distance": distance})
    assert float(again([[3.0]], [[1.0]])) == 2.0


def test_a_class_of_ones_own_needs_update_and_result():
    class Positives(metrics.Metric):
        def __init__(self, name="positives", **kwargs):
            super().__init__(name=name, **kwargs)
            self.total = self.add_weight(name="total", initializer="zeros")
            self.inner = metrics.Mean()

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.total.assign_add(ops.sum(ops.cast(y_true, "float32")))
            self.inner.update_state(y_pred)

        def result(self):
            return self.total

    metric = Positives()
    metric.update_state([1, 0, 1], [0.5, 0.5, 0.5])
    assert float(metric.result()) == 2.0
    assert len(metric.variables) == 3
    metric.reset_state()
    assert float(metric.result()) == 0.0
    assert float(metric.inner.count) == 0.0


def test_state_starts_from_its_initializer():
    metric = metrics.Metric()
    assert metric.add_variable((2,), "ones", "float64").numpy().tolist() == [1.0, 1.0]
    assert metric.add_weight().numpy() == 0.0
    assert [v.dtype for v in metric.variables] == ["float64", "float32"]


def test_predictions_of_exactly_zero_and_one_are_on_the_curve():
    metric = metrics.AUC()
    metric.update_state([0, 1, 0, 1], [0.0, 1.0, 0.0, 1.0])
    assert float(metric.result()) == pytest.approx(1.0)
    assert metric.thresholds[0] < 0
    assert metric.thresholds[-1] > 1


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"Precision expected .*\(2,\) and \(2, 3\).*one-hot"):
        metrics.Precision()([0, 1], np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"one shape, got \(2,\) and \(2, 3\)"):
        metrics.CategoricalAccuracy()([0, 1], np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"\(2,\) for y_pred of shape \(2, 3\), got \(2, 3\)"):
        metrics.SparseCategoricalAccuracy()(np.eye(3)[:2], np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"\(batch, classes\)"):
        metrics.F1Score()([0, 1], [0.5, 0.5])


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="thresholds from 0 to 1, got 2"):
        metrics.Precision(thresholds=2)
    with pytest.raises(TypeError, match="MeanSquaredError has no argument 'delta'"):
        metrics.MeanSquaredError(delta=1.0)
    with pytest.raises(ValueError, match="curve to be one of ROC, PR, PRGAIN, got 'LIFT'"):
        metrics.AUC(curve="lift")
    with pytest.raises(ValueError, match="summation_method"):
        metrics.AUC(summation_method="simpson")
    with pytest.raises(ValueError, match="num_thresholds"):
        metrics.AUC(num_thresholds=1)
    with pytest.raises(ValueError, match="multi_label"):
        metrics.AUC(num_labels=3)
    with pytest.raises(ValueError, match="average"):
        metrics.F1Score(average="median")
    with pytest.raises(ValueError, match="beta"):
        metrics.FBetaScore(beta=0.0)


@given(st.integers(5, 60), st.booleans(), st.integers(0, 2**16))
def test_figures_agree_with_scikit_learn(count, weighted, seed):
    sklearn = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, count)
    truth[:2] = [0, 1]
    scores = rng.uniform(size=count).round(2)
    weights = rng.uniform(0.5, 2, count) if weighted else None
    guess = scores > 0.5

    def ours(metric):
        metric.update_state(truth, scores, weights)
        return float(metric.result())

    keyword = {"sample_weight": weights}
    assert ours(metrics.BinaryAccuracy()) == pytest.approx(
        sklearn.accuracy_score(truth, guess, **keyword), abs=1e-6
    )
    for metric, function in (
        (metrics.Precision(), sklearn.precision_score),
        (metrics.Recall(), sklearn.recall_score),
    ):
        expected = function(truth, guess, zero_division=0, **keyword)
        assert ours(metric) == pytest.approx(expected, abs=1e-6)
    every = np.unique(scores[(scores > 0) & (scores < 1)])
    exact = metrics.AUC(thresholds=[*(every - 1e-4), *(every + 1e-4)])
    assert ours(exact) == pytest.approx(sklearn.roc_auc_score(truth, scores, **keyword), abs=1e-6)


@given(st.integers(2, 30), st.integers(2, 6), st.integers(0, 2**16))
def test_figures_of_several_classes_agree_with_scikit_learn(count, classes, seed):
    sklearn = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    scores = rng.uniform(0.01, 1, size=(count, classes))
    one_hot, guess = np.eye(classes)[labels], scores.argmax(1)
    for k in range(1, classes):
        expected = (
            sklearn.top_k_accuracy_score(labels, scores, k=k, labels=range(classes))
            if (classes > 2)
            else (guess == labels).mean()
        )
        sparse = metrics.SparseTopKCategoricalAccuracy(k)(labels, scores)
        dense = metrics.TopKCategoricalAccuracy(k)(one_hot, scores)
        assert float(sparse) == float(dense) == pytest.approx(expected, abs=1e-6)
    for average in ("micro", "macro", "weighted"):
        expected = sklearn.f1_score(
            labels, guess, average=average, labels=range(classes), zero_division=0
        )
        assert float(metrics.F1Score(average)(one_hot, scores)) == pytest.approx(expected, abs=1e-6)
    targets = rng.normal(size=(count, classes))
    assert float(metrics.R2Score()(targets, scores)) == pytest.approx(
        sklearn.r2_score(targets, scores), rel=1e-4
    )


def test_fractions_of_samples_count_in_intersections():
    metric = metrics.IoU(2, [0, 1])
    metric.update_state([0, 0, 1, 1], [0, 1, 0, 1], [0.3, 0.3, 0.3, 0.1])
    np.testing.assert_allclose(metric.result(), (0.3 / 0.9 + 0.1 / 0.7) / 2, rtol=1e-6)


def test_rates_that_cannot_be_are_named():
    with pytest.raises(ValueError, match="PrecisionAtRecall expected recall from 0 to 1, got 2"):
        metrics.PrecisionAtRecall(2)
    with pytest.raises(ValueError, match="IoU expected target_class_ids from 0 to 1, got"):
        metrics.IoU(2, [2])


@pytest.mark.parametrize("wrong", [[0.5, None], "0.5", [0.2, 1.5]])
def test_thresholds_that_are_no_shares_are_named(wrong: Any) -> None:
    with pytest.raises(ValueError, match="Precision expected thresholds from 0 to 1"):
        metrics.Precision(thresholds=wrong)
    with pytest.raises(ValueError, match="FBetaScore expected threshold above 0"):
        metrics.FBetaScore(threshold=wrong)
    with pytest.raises(ValueError, match="FBetaScore expected beta to be a positive number"):
        metrics.FBetaScore(beta="2")


def test_a_mean_of_ones_own_may_call_its_state_as_it_likes():
    class Counting(metrics.Mean):
        def __init__(self):
            super().__init__("counting")
            self._count = self.add_weight(name="batches", initializer="zeros")

        def update_state(self, values, sample_weight=None):
            self._count.assign_add(1)
            super().update_state(values, sample_weight)

    metric = Counting()
    for values in ([1.0, 3.0], [5.0]):
        metric.update_state(values)
    assert (float(metric.result()), float(metric._count)) == (3.0, 2.0)
