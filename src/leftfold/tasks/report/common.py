"""Parts that reports on estimators share: the verdict, the training, how to do it again."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from leftfold._version import __version__
from leftfold.engine import config, kernels
from leftfold.tasks.estimator import TaskEstimator
from leftfold.tasks.evaluation import Interval
from leftfold.tasks.report import figures
from leftfold.tasks.report.page import Page
from leftfold.tasks.training import Training


def judgement(page: Page, verdict: str, lead: Interval, warnings: Sequence[str]) -> None:
    """The verdict in the colour it deserves, and below it every warning."""
    page.callout(verdict, "good" if lead.low > 0 else "bad" if lead.high < 0 else "note")
    for warning in warnings:
        head, _, rest = warning.partition(": ")
        page.callout(rest or head, "warning", f"{head.capitalize()}:" if rest else "")


def training_figures(page: Page, training: Training, remark: str) -> None:
    """Loss and accuracy, epoch by epoch.

    Args:
        page: the report.
        training: how it went.
        remark: on the loss of the training part.
    """
    history = training.history
    if not history.get("loss"):
        page.text("Training was ended before its first epoch.")
        return
    names = {"loss": "training", "val_loss": "validation"}
    losses = {names[name]: history[name] for name in names if name in history}
    page.figure(
        figures.lines(losses, "epoch", "loss, nats", None, training.best_epoch + 1, "kept"),
        f"Loss, epoch by epoch. {remark}",
    )
    names = {"accuracy": "training", "val_accuracy": "validation"}
    shares = {names[name]: history[name] for name in names if name in history}
    page.figure(
        figures.lines(shares, "epoch", "accuracy", None, training.best_epoch + 1, "kept"),
        f"Accuracy. The weights of epoch {training.best_epoch + 1} were kept; training took "
        f"{training.seconds:.1f} s and was ended by: {training.ended_by}.",
    )


def reproduction(page: Page, estimator: TaskEstimator, facts: Mapping[str, str]) -> None:
    """What it takes to do it again: the call, the settings, what ran."""
    for name, value in facts.items():
        page.subsection(name)
        page.code(value)
    settings = {k: v for k, v in estimator.get_params().items() if k != "verbose"}
    page.table(
        ["setting", "value"], [[name, _told(name, value)] for name, value in settings.items()]
    )
    page.table(
        ["what ran", ""],
        [
            ["Leftfold", __version__],
            ["kernels", kernels.isa()],
            ["threads", str(config.threads())],
            ["Python", platform.python_version()],
            ["NumPy", np.__version__],
            ["system", platform.platform()],
        ],
    )


def _told(name: str, value: Any) -> str:
    if value is not None:
        return str(value)
    return "none" if name in ("vectors", "time_limit") else "chosen by the data"
