"""The metrics that `compile` was given, matched to the outputs of the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from leftfold import metrics as metrics_module
from leftfold.engine.naming import to_snake_case
from leftfold.metrics import MeanMetricWrapper, Metric
from leftfold.models.compile import is_binary_or_sparse, output_names, per_output


def get_metric(identifier: Any, y_true: Any, y_pred: Any) -> Metric:
    """The metric object for what the user gave; `"accuracy"` becomes the kind that fits."""
    if isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc"):
        binary, sparse = is_binary_or_sparse(y_true, y_pred)
        if binary:
            return metrics_module.BinaryAccuracy(name=identifier)
        if sparse:
            return metrics_module.SparseCategoricalAccuracy(name=identifier)
        return metrics_module.CategoricalAccuracy(name=identifier)
    metric = metrics_module.get(identifier)
    name = identifier if isinstance(identifier, str) else None
    if not isinstance(metric, Metric):
        plain = getattr(metric, "__name__", None) or to_snake_case(type(metric).__name__)
        return MeanMetricWrapper(metric, name=name or plain)
    if name is not None:
        metric.name = name
    return metric


class OutputMetric(NamedTuple):
    """One metric of one output: its key in the logs, which output, whether rows are weighted."""

    key: str
    output: int
    metric: Metric
    weighted: bool


class CompiledMetrics:
    """All metrics of all outputs.

    Args:
        metrics: metrics of every row alike: a list, for several outputs a list or dictionary
            with one metric or list for each.
        weighted_metrics: metrics that heed `sample_weight` and `class_weight`, in the same form.
        names: what a functional model calls its outputs.
    """

    name = "compile_metrics"

    def __init__(
        self, metrics: Any, weighted_metrics: Any = None, names: Sequence[str] | None = None
    ) -> None:
        for argument, value in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
            if value is not None and not isinstance(value, list | tuple | dict):
                raise ValueError(
                    f"{argument} expected a list or a dictionary, got {type(value).__name__} "
                    f"{value!r}."
                )
            for identifier in _flat(value):
                if isinstance(identifier, str) and identifier.lower() not in ("accuracy", "acc"):
                    metrics_module.get(identifier)
        self.given = (metrics, weighted_metrics)
        self.declared_names = names
        self.names: list[str] = []
        self.entries: list[OutputMetric] = []
        self.built = False

    @property
    def metrics(self) -> list[Metric]:
        """Every metric object."""
        return [entry.metric for entry in self.entries]

    @property
    def variables(self) -> list[Any]:
        return [variable for metric in self.metrics for variable in metric.variables]

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Make the metric objects, by a first batch."""
        self.names = names = output_names(y_pred, self.declared_names)
        predictions = per_output("y_pred", y_pred, names)
        targets = _targets(y_true, names)
        counts: Counter[str] = Counter()
        for weighted, given in enumerate(self.given):
            argument = "weighted_metrics" if weighted else "metrics"
            for index, identifiers in enumerate(_assigned(argument, given, names)):
                for identifier in identifiers:
                    metric = get_metric(identifier, targets[index], predictions[index])
                    prefix = f"{names[index]}_" if len(names) > 1 else ""
                    key = prefix + metric.name
                    if weighted and counts[key]:
                        key = f"{prefix}weighted_{metric.name}"
                    counts[key] += 1
                    if counts[key] > 1:
                        key = f"{key}_{counts[key] - 1}"
                    self.entries.append(OutputMetric(key, index, metric, bool(weighted)))
        self.built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take one batch into account."""
        if not self.built:
            self.build(y_true, y_pred)
        predictions = per_output("y_pred", y_pred, self.names)
        targets = _targets(y_true, self.names)
        if isinstance(sample_weight, list | tuple | Mapping):
            weights = per_output("sample_weight", sample_weight, self.names)
        else:
            weights = [sample_weight] * len(self.names)
        for _, index, metric, weighted in self.entries:
            if weighted:
                metric.update_state(targets[index], predictions[index], weights[index])
            else:
                metric.update_state(targets[index], predictions[index])

    def result(self) -> dict[str, Any]:
        """The value of each metric over the batches since the last reset."""
        return {entry.key: entry.metric.result() for entry in self.entries}

    def reset_state(self) -> None:
        """Forget all batches."""
        for entry in self.entries:
            entry.metric.reset_state()


def _targets(y_true: Any, names: list[str]) -> list[Any]:
    if y_true is None:
        raise ValueError("metrics expected targets y, got None.")
    return per_output("y", y_true, names)


def _assigned(argument: str, given: Any, names: list[str]) -> list[list[Any]]:
    """The metrics of each output."""
    if not given:
        return [[] for _ in names]
    if len(names) == 1:
        return [_flat(given)]
    return [_flat(entry) for entry in per_output(argument, given, names)]


def _flat(given: Any) -> list[Any]:
    """All metrics in nested lists and dictionaries."""
    if given is None:
        return []
    if isinstance(given, Mapping):
        given = list(given.values())
    if not isinstance(given, list | tuple):
        return [given]
    return [identifier for entry in given for identifier in _flat(entry)]
