import json
from pathlib import Path

import numpy as np
import pytest

from leftfold.engine import Variable
from leftfold.optimizers import schedules

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "training_parts.json").read_text(encoding="utf-8")
)["schedules"]


def case_id(case):
    return "-".join([case["name"], *(f"{k}={v}" for k, v in case["arguments"].items())])


@pytest.mark.parametrize("case", GOLDEN, ids=case_id)
def test_rates_agree_with_keras(case):
    schedule = getattr(schedules, case["name"])(**case["arguments"])
    for step, rate in zip(case["steps"], case["rates"], strict=True):
        assert float(schedule(step)) == pytest.approx(rate, rel=2e-6, abs=1e-9)


@pytest.mark.parametrize("case", GOLDEN, ids=case_id)
def test_arrays_of_steps_and_variables_are_accepted(case):
    schedule = getattr(schedules, case["name"])(**case["arguments"])
    each = [float(schedule(step)) for step in case["steps"]]
    assert schedule(np.array(case["steps"])).tolist() == each
    assert float(schedule(Variable(case["steps"][3], dtype="int64"))) == each[3]


@pytest.mark.parametrize("case", GOLDEN, ids=case_id)
def test_configuration_round_trip(case):
    schedule = getattr(schedules, case["name"])(**case["arguments"])
    config = schedules.serialize(schedule)
    assert config["module"] == "keras.optimizers.schedules"
    again = schedules.deserialize(json.loads(json.dumps(config)))
    assert type(again) is type(schedule)
    assert again.get_config() == schedule.get_config()


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="decay_steps to be positive, got 0"):
        schedules.ExponentialDecay(0.1, 0, 0.5)
    with pytest.raises(ValueError, match="2 values and 2 boundaries"):
        schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2])


def test_a_schedule_of_ones_own_needs_only_call():
    class Halving(schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.5 ** int(step)

    from leftfold.optimizers import SGD

    variable = Variable(np.zeros(1))
    optimizer = SGD(Halving())
    for _ in range(3):
        optimizer.apply_gradients([([1.0], variable)])
    assert variable.numpy().tolist() == [-1.75]
