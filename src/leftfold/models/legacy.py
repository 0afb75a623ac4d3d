"""Methods of older Keras that `fit`, `evaluate` and `predict` have taken over since."""

from __future__ import annotations

from typing import Any

import numpy as np

from leftfold.engine.legacy import tell_once


class LegacyMethods:
    """What scripts for Keras 2 still call; mixed into `Trainer`.

    Each method does what it did, and says once what to call instead.
    """

    def fit_generator(
        self, generator: Any, steps_per_epoch: int | None = None, epochs: int = 1, **kwargs: Any
    ) -> Any:
        """`fit` on a generator."""
        _tell("fit_generator", "fit")
        _without_workers(kwargs)
        return self.fit(generator, steps_per_epoch=steps_per_epoch, epochs=epochs, **kwargs)  # type: ignore[attr-defined]

    def evaluate_generator(self, generator: Any, steps: int | None = None, **kwargs: Any) -> Any:
        """`evaluate` on a generator, silent by default."""
        _tell("evaluate_generator", "evaluate")
        _without_workers(kwargs)
        kwargs.setdefault("verbose", 0)
        return self.evaluate(generator, steps=steps, **kwargs)  # type: ignore[attr-defined]

    def predict_generator(self, generator: Any, steps: int | None = None, **kwargs: Any) -> Any:
        """`predict` on a generator, silent by default."""
        _tell("predict_generator", "predict")
        _without_workers(kwargs)
        kwargs.setdefault("verbose", 0)
        return self.predict(generator, steps=steps, **kwargs)  # type: ignore[attr-defined]

    def predict_proba(self, x: Any, batch_size: int | None = None, verbose: int = 0) -> np.ndarray:
        """`predict`, under the name it had for probabilities."""
        _tell("predict_proba", "predict")
        probabilities: np.ndarray = self.predict(x, batch_size=batch_size, verbose=verbose)  # type: ignore[attr-defined]
        return probabilities

    def predict_classes(
        self, x: Any, batch_size: int | None = None, verbose: int = 0
    ) -> np.ndarray:
        """The most probable class of each row; for a single output whether it is above 1/2."""
        _tell("predict_classes", "numpy.argmax(model.predict(x), axis=-1), or predict(x) > 0.5")
        scores: np.ndarray = self.predict(x, batch_size=batch_size, verbose=verbose)  # type: ignore[attr-defined]
        if scores.shape[-1] > 1:
            return scores.argmax(axis=-1)
        return (scores > 0.5).astype(np.int32)


def _tell(old: str, new: str) -> None:
    tell_once(f"Models no longer need {old}: use {new}.")


def _without_workers(kwargs: dict[str, Any]) -> None:
    """Take out how batches were prepared ahead, which a `PyDataset` says itself today."""
    for name in ("max_queue_size", "workers", "use_multiprocessing", "pickle_safe", "max_q_size"):
        kwargs.pop(name, None)
