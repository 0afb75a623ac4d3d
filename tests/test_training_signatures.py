"""Arguments of the training parts: Keras's names, in Keras's order, with Keras's defaults."""

import importlib
import inspect
import json
from pathlib import Path

import pytest

GOLDEN = json.loads(
    (Path(__file__).parent / "golden" / "training_parts.json").read_text(encoding="utf-8")
)["signatures"]
ROOMS = ("get", "serialize", "deserialize")
NOT_OFFERED = {
    "initializers": {"STFT", "STFTInitializer", "stft"},
    "callbacks": {
        *("OrbaxCheckpoint", "ProgbarLogger", "RemoteMonitor"),
    },
    "optimizers": {"LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"},
}


def offered(case):
    return case["name"] not in NOT_OFFERED.get(case["room"], ())


def ours(case):
    return getattr(importlib.import_module(f"leftfold.{case['room']}"), case["name"])


def arguments_of(item):
    """Names and defaults in order; those that only the base class names come last."""
    found = {}
    parameters = inspect.signature(item).parameters
    for name, parameter in parameters.items():
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            default = None if parameter.default is parameter.empty else parameter.default
            found[name] = list(default) if isinstance(default, tuple) else default
    if "settings" in parameters:
        for name, default in arguments_of(item.__mro__[-2]).items():
            found.setdefault(name, default)
    return found


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"{case['room']}.{case['name']}")
def test_arguments_are_those_of_keras(case):
    if not offered(case):
        assert not hasattr(importlib.import_module(f"leftfold.{case['room']}"), case["name"])
        return
    found, expected = arguments_of(ours(case)), dict(case["arguments"])
    if case["name"] in ROOMS:
        assert len(found) == len(expected)
        return
    assert list(found) == list(expected)
    for name, default in expected.items():
        if name == "name" and found[name] is None and default is not None:
            assert ours(case)().name == default
        elif case["name"] != "Optimizer" or name != "learning_rate":
            assert found[name] == default, name
