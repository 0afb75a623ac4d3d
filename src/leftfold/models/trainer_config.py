"""`compile` and how it is written down in a saved model."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from leftfold import optimizers as optimizers_module
from leftfold.engine.symbolic import leaves
from leftfold.models.compile import CompiledLoss, LossMean
from leftfold.models.compile_metrics import CompiledMetrics


class CompileConfig:
    """The settings for training that a model carries once `compile` was called."""

    compiled = False
    optimizer: Any = None
    loss: Any = None
    run_eagerly = False
    steps_per_execution = 1
    jit_compile: Any = "auto"
    _compile_loss: CompiledLoss | None = None
    _compile_metrics: CompiledMetrics | None = None
    _loss_tracker: Any = None
    _compile_arguments: Mapping[str, Any] | None = None

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Choose what training minimises, how, and what it reports.

        Args:
            optimizer: a name such as `"adam"`, or an optimiser.
            loss: a name, a `Loss`, or a function of `(y_true, y_pred)`; for several outputs a
                list or a dictionary by output name with one for each (`None`: none).
            loss_weights: the weight of each output's loss in the sum, in the same form.
            metrics: a list of names, `Metric` objects or functions; for several outputs a list
                or dictionary with one entry for each. `"accuracy"` becomes the kind that fits
                the shapes.
            weighted_metrics: metrics that heed `sample_weight` and `class_weight`.
            run_eagerly: call every layer for every batch. Otherwise, once two batches of a shape
                came, a model made of Leftfold's layers may repeat what they computed without
                calling them; the results are the same. Set it where code replaces methods of
                Leftfold's classes, or functions in its modules, while a model is in use.
            steps_per_execution: accepted for Keras's sake; callbacks run after every batch.
            jit_compile: accepted for Keras's sake; there is nothing to compile.
            auto_scale_loss: accepted for Keras's sake; losses need no scaling in float32.

        Raises:
            ValueError: for an unknown name, with the nearest known one.
        """
        if any(isinstance(leaf, str) for leaf in leaves(loss_weights)):
            raise ValueError(
                f"loss_weights expected numbers, got {loss_weights!r}: metrics are given by name, "
                "compile(optimizer, loss, metrics=[...])."
            )
        names = getattr(self, "output_names", None)
        own = self.__dict__
        own["optimizer"] = optimizers_module.get(optimizer)
        own["loss"] = loss
        own["_compile_loss"] = None if loss is None else CompiledLoss(loss, loss_weights, names)
        own["_compile_metrics"] = None
        if metrics is not None or weighted_metrics is not None:
            own["_compile_metrics"] = CompiledMetrics(metrics, weighted_metrics, names)
        own["_loss_tracker"] = LossMean(name="loss")
        own["_traces"] = None
        arguments = {
            "optimizer": own["optimizer"],
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": bool(run_eagerly),
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        own["_compile_arguments"] = MappingProxyType(arguments)
        self.run_eagerly = bool(run_eagerly)
        self.steps_per_execution = steps_per_execution
        self.jit_compile = jit_compile
        self.stop_training = False
        self.compiled = True

    def _assert_compiled(self, method: str) -> None:
        if not self.compiled:
            raise ValueError(
                f"{method}() expected a compiled model: call model.compile(optimizer, loss) first."
            )

    def get_compile_config(self) -> dict[str, Any]:
        """The arguments of `compile`, as plain data; empty if it was not called."""
        from leftfold.saving import serialize_keras_object

        if not self.compiled or self._compile_arguments is None:
            return {}
        return serialize_keras_object(dict(self._compile_arguments))

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Call `compile` with what `get_compile_config` returned."""
        from leftfold.saving import deserialize_keras_object

        if type(self).compile is not CompileConfig.compile:
            warnings.warn(
                f"{type(self).__name__} was loaded without being compiled, because it has its own "
                "compile(): call it, or override get_compile_config() and compile_from_config().",
                stacklevel=2,
            )
            return
        self.compile(**deserialize_keras_object(config))
        variables = self.trainable_variables  # type: ignore[attr-defined]
        if variables and getattr(self, "built", False):
            self.optimizer.build(variables)
