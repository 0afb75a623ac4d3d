"""One step of training, evaluation or prediction: what a subclass of `Model` may replace."""

from __future__ import annotations

import inspect
import math
import operator
from collections.abc import Callable
from typing import Any

from leftfold import ops
from leftfold.engine import Tape, Tensor
from leftfold.layers import tracking
from leftfold.metrics import Metric
from leftfold.models.data_arrays import row_count
from leftfold.models.data_sources import unpack_x_y_sample_weight
from leftfold.models.step_traces import StepTraces, can_be_traced, run_anew
from leftfold.models.trainer_config import CompileConfig

_TRAINING = {"_loss_tracker", "_metrics_found"}
"""Attributes whose metrics are not the user's own."""


class Steps(CompileConfig):
    """What happens to one batch."""

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step of training. Override it to train in another way.

        Args:
            data: `x`, `(x, y)` or `(x, y, sample_weight)` of one batch, as tensors.

        Returns:
            Values by name, for callbacks and the history.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        tape, results = self._computed(self._learning_pass, x, y, sample_weight)
        y_pred, loss = results
        self._loss_tracker.update_state(loss, sample_weight=row_count(x))
        if math.isfinite(loss):
            with tape:
                scaled = self.optimizer.scale_loss(loss)
            self._descend(tape, scaled)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> dict[str, Any]:
        """One step of evaluation. Override it to judge in another way."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        _, (y_pred, loss) = self._computed(self._judging_pass, x, y, sample_weight)
        self._loss_tracker.update_state(loss, sample_weight=row_count(x))
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """One step of prediction. Override it to predict in another way."""
        x, _, _ = unpack_x_y_sample_weight(data)
        _, (y_pred,) = self._computed(self._predicting_pass, x)
        return y_pred

    def _learning_pass(self, x: Any, y: Any, sample_weight: Any = None) -> list[Any]:
        """Of a batch to train on the outputs and the loss."""
        y_pred = self(x, training=True)  # type: ignore[operator]
        return [y_pred, self._compute_loss(x, y, y_pred, sample_weight, True)]

    def _judging_pass(self, x: Any, y: Any, sample_weight: Any = None) -> list[Any]:
        """Of a batch to judge the outputs and the loss."""
        y_pred = self(x, training=False)  # type: ignore[operator]
        return [y_pred, self._compute_loss(x, y, y_pred, sample_weight, False)]

    def _predicting_pass(self, x: Any) -> list[Any]:
        """The outputs for a batch."""
        return [self(x, training=False)]  # type: ignore[operator]

    def _computed(self, compute: Callable[..., list[Any]], *inputs: Any) -> tuple[Tape, list[Any]]:
        """What one of the passes gives, from a trace where there is one, and the tape under it."""
        if inputs[-1] is None:
            inputs = inputs[:-1]
        if self.run_eagerly or not can_be_traced(inputs):
            return run_anew(compute, inputs)
        traces = self.__dict__.get("_traces")
        if traces is None:
            traces = self.__dict__["_traces"] = StepTraces()
        return traces.run(self, compute, inputs)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """The loss of one batch: that of `compile`, and what layers and regularisers add."""
        total: Any = None
        if self._compile_loss is not None:
            total = self._compile_loss(y, y_pred, sample_weight)
        for loss in self.losses:  # type: ignore[attr-defined]
            loss = ops.sum(loss) if loss.ndim else loss
            total = loss if total is None else total + loss
        if total is None:
            raise ValueError("There is no loss to train on: give compile() the argument loss.")
        return ops.sum(total) if total.ndim else total

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Let the metrics see one batch; returns all values so far."""
        if self._compile_metrics is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """The value of every metric over the batches since the last reset, by name."""
        results: dict[str, Any] = {}
        for metric in self.metrics:
            value = metric.result()
            if isinstance(value, dict):
                results.update(value)
            else:
                results[metric.name] = value
        return results

    @property
    def metrics(self) -> list[Any]:
        """The mean loss, the metrics of `compile`, those of each output's loss, and custom ones."""
        found: list[Any] = []
        if self.compiled:
            found.append(self._loss_tracker)
            if self._compile_metrics is not None:
                found.append(self._compile_metrics)
            if self._compile_loss is not None:
                found.extend(self._compile_loss.metrics)
        return found + self._own_metrics()

    def _own_metrics(self) -> list[Metric]:
        """Metrics kept in attributes of this model or of layers that are not models themselves."""
        own = self.__dict__
        cached = own.setdefault("_metrics_found", (None, []))
        structure = (tracking.version(), len(own))
        if cached[0] != structure:
            layers = self._flatten_layers()  # type: ignore[attr-defined]
            attributes = [vars(n) for n in layers if n is self or not isinstance(n, Steps)]
            values = [v for a in attributes for name, v in a.items() if name not in _TRAINING]
            cached = structure, tracking.unique(tracking.find(Metric, values))
            own["_metrics_found"] = cached
        metrics: list[Metric] = cached[1]
        return metrics

    @property
    def metrics_names(self) -> list[str]:
        """The names of `metrics`."""
        return [metric.name for metric in self.metrics]

    def reset_metrics(self) -> None:
        """Forget the batches seen so far."""
        for metric in self.metrics:
            metric.reset_state()

    def _compute_loss(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool
    ) -> Tensor:
        """`compute_loss`, also where an override knows nothing of `training`."""
        if type(self).compute_loss is Steps.compute_loss:
            return self.compute_loss(x, y, y_pred, sample_weight, training)
        given = {"training": training}
        if "training" not in inspect.signature(self.compute_loss).parameters:
            given = {}
        return self.compute_loss(x, y, y_pred, sample_weight, **given)

    def _descend(self, tape: Tape, loss: Tensor) -> None:
        """One step of the optimiser along the gradient that the tape gives."""
        optimizer, variables = self.optimizer, self.trainable_variables  # type: ignore[attr-defined]
        if not variables:
            return
        if not getattr(loss, "tracked", False):
            raise ValueError(
                "The loss expected to depend on the model's weights, but no gradient leads from it "
                "to any of them: compute it from y_pred with functions of leftfold.ops; those of "
                "NumPy have no gradients."
            )
        if not optimizer.built:
            optimizer.build(variables)
        own = optimizer.buffer.variables
        if len(own) == len(variables) and all(map(operator.is_, own, variables)):
            tape.gradient(loss, own, into=optimizer.gradient_views)
            optimizer.step()
        else:
            optimizer.apply(tape.gradient(loss, variables), variables)
