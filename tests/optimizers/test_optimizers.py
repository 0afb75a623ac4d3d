import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from leftfold import ops, optimizers
from leftfold.engine import FlatBuffer, Tape, Variable, legacy
from leftfold.optimizers import schedules

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "training_parts.json").read_text(encoding="utf-8")
)
SHAPES = [(3, 2), (5,)]
ALL = [
    optimizers.SGD,
    optimizers.RMSprop,
    optimizers.Adam,
    optimizers.AdamW,
    optimizers.Adamax,
    optimizers.Nadam,
    optimizers.Adagrad,
    optimizers.Adadelta,
    optimizers.Adafactor,
    optimizers.Ftrl,
    optimizers.Lamb,
    optimizers.Lion,
    optimizers.Muon,
    optimizers.ScheduleFreeAdamW,
]


def make_variables(dtype="float32"):
    return [
        Variable(np.linspace(-1, 1, int(np.prod(s))).reshape(s), dtype=dtype, name=f"v{i}")
        for i, s in enumerate(SHAPES)
    ]


def gradients(step):
    return [
        np.sin(0.7 * np.arange(np.prod(s)) + 1.3 * step + i).reshape(s).astype("float32")
        for i, s in enumerate(SHAPES)
    ]


def case_id(case):
    settings = [f"{k}={v}" for k, v in case["arguments"].items() if k != "learning_rate"]
    return "-".join([case["name"], *settings])


@pytest.mark.parametrize("case", GOLDEN["optimizers"], ids=case_id)
def test_twenty_steps_agree_with_keras(case, implementation):
    variables = make_variables()
    optimizer = getattr(optimizers, case["name"])(**case["arguments"])
    for step in range(20):
        optimizer.apply_gradients(zip(gradients(step), variables, strict=True))
        for expected, variable in zip(
            case["after"].get(str(step + 1), []), variables, strict=False
        ):
            np.testing.assert_allclose(variable.numpy(), expected, rtol=1e-6, atol=1e-6)
    optimizer.finalize_variable_values(variables)
    for expected, variable in zip(case["finalized"], variables, strict=True):
        np.testing.assert_allclose(variable.numpy(), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("case", GOLDEN["optimizers"], ids=case_id)
def test_state_has_the_order_shapes_and_values_of_keras(case):
    variables = make_variables()
    optimizer = getattr(optimizers, case["name"])(**case["arguments"])
    for step in range(20):
        optimizer.apply_gradients(zip(gradients(step), variables, strict=True))
    assert [list(v.shape) for v in optimizer.variables] == [shape for shape, _ in case["state"]]
    for variable, (_, expected) in zip(optimizer.variables, case["state"], strict=True):
        np.testing.assert_allclose(variable.numpy(), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("case", GOLDEN["optimizers"], ids=case_id)
def test_variables_moved_elsewhere_are_updated_alike(case):
    together, apart = make_variables(), make_variables()
    first = getattr(optimizers, case["name"])(**case["arguments"])
    second = getattr(optimizers, case["name"])(**case["arguments"])
    second.build(apart)
    FlatBuffer(apart[::-1])
    assert not second.buffer.intact
    for step in range(5):
        first.apply_gradients(zip(gradients(step), together, strict=True))
        second.apply_gradients(zip(gradients(step), apart, strict=True))
    for a, b in zip(together, apart, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6, atol=1e-7)


def test_steps_notice_what_has_changed_since_the_one_before():
    variables, others = make_variables(), make_variables()
    optimizer, plain = optimizers.Adam(), optimizers.Adam()
    optimizer.build(variables)
    for step in range(4):
        if step == 1:
            optimizer.add_slots("extra")
        if step == 2:
            optimizer.gradients = optimizer.gradients.copy()
            optimizer.gradient_views = optimizer.buffer.split(optimizer.gradients)
        if step == 3:
            FlatBuffer(variables[::-1])
        for view, gradient in zip(optimizer.gradient_views, gradients(step), strict=True):
            view[...] = gradient
        optimizer.step()
        plain.apply_gradients(zip(gradients(step), others, strict=True))
        assert ("extra" in optimizer._pieces(None)[0].slots) == (step > 0)
        for a, b in zip(variables, others, strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("cls", ALL)
def test_step_takes_what_was_written_into_the_gradient_views(cls):
    variables, others = make_variables(), make_variables()
    fast, plain = cls(), cls()
    fast.build(variables)
    for step in range(3):
        for view, gradient in zip(fast.gradient_views, gradients(step), strict=True):
            view[...] = gradient
        fast.step()
        plain.apply_gradients(zip(gradients(step), others, strict=True))
    assert int(fast.iterations) == 3
    for a, b in zip(variables, others, strict=True):
        assert np.array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize("cls", ALL)
def test_every_optimizer_finds_the_bottom_of_a_bowl(cls):
    variable = Variable(np.array([3.0, -2.0]), dtype="float64")
    optimizer = cls(learning_rate=20.0 if cls is optimizers.Adadelta else 0.1)
    start = float(np.square(variable.numpy()).sum())
    for _ in range(300):
        optimizer.apply_gradients([(2 * variable.numpy(), variable)])
    assert float(np.square(variable.numpy()).sum()) < 0.3 * start


@pytest.mark.parametrize("cls", ALL)
def test_configuration_round_trip(cls):
    optimizer = cls(learning_rate=0.5, clipvalue=0.25, name="mine")
    config = optimizers.serialize(optimizer)
    assert config["module"] == "keras.optimizers"
    assert config["class_name"] == cls.__name__
    again = optimizers.deserialize(json.loads(json.dumps(config)))
    assert type(again) is cls
    assert again.get_config() == optimizer.get_config()


@pytest.mark.parametrize("cls", ALL)
def test_state_saved_and_loaded_continues_alike(cls):
    def run(optimizer, variables, steps):
        for step in steps:
            optimizer.apply_gradients(zip(gradients(step), variables, strict=True))

    whole, first, second = make_variables(), make_variables(), make_variables()
    run(cls(), whole, range(6))
    before, after = cls(), cls()
    run(before, first, range(3))
    store = {}
    before.save_own_variables(store)
    for target, source in zip(second, first, strict=True):
        target.assign(source.numpy())
    after.build(second)
    after.load_own_variables(store)
    run(after, second, range(3, 6))
    for a, b in zip(whole, second, strict=True):
        assert np.array_equal(a.numpy(), b.numpy())


def test_state_of_another_size_is_refused_with_a_warning():
    optimizer = optimizers.Adam(name="adam")
    with pytest.warns(UserWarning, match="has 3 variables, the optimizer 2"):
        optimizer.load_own_variables({"0": 1, "1": 2, "2": 3})


def test_names_of_the_state_are_those_of_keras():
    kernel = Variable(np.zeros((3, 2)), name="kernel", path="dense/kernel")
    optimizer = optimizers.Adam(name="adam")
    optimizer.build([kernel])
    assert [v.path for v in optimizer.variables] == [
        "adam/iteration",
        "adam/learning_rate",
        "adam/dense_kernel_momentum",
        "adam/dense_kernel_velocity",
    ]


def test_names_resolve_in_any_case():
    for name in ("adam", "Adam", "ADAM"):
        assert type(optimizers.get(name)) is optimizers.Adam
    assert type(optimizers.get("RMSprop")) is optimizers.RMSprop
    assert type(optimizers.get("rmsprop")) is optimizers.RMSprop
    assert type(optimizers.get({"class_name": "SGD", "config": {}})) is optimizers.SGD
    assert optimizers.get(None) is None
    own = optimizers.SGD()
    assert optimizers.get(own) is own


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(ValueError, match=r"Unknown optimizer 'adm'. Did you mean 'adam'"):
        optimizers.get("adm")
    with pytest.raises(ValueError, match="an instance of Optimizer, got 3"):
        optimizers.get(3)


def test_lr_is_an_older_name_and_says_so_once():
    legacy.forget_told()
    with pytest.warns(UserWarning, match="learning_rate"):
        optimizer = optimizers.Adam(lr=0.25)
    assert float(optimizer.learning_rate) == 0.25
    assert float(optimizer.lr) == 0.25
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizers.SGD(lr=0.5)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"Adam has no argument 'beta1'. Did you mean 'beta_1'"):
        optimizers.Adam(beta1=0.5)
    with pytest.raises(ValueError, match="learning_rate to be a number"):
        optimizers.Adam("0.1")
    with pytest.raises(ValueError, match="at most one of clipnorm"):
        optimizers.Adam(clipnorm=1.0, clipvalue=1.0)
    with pytest.raises(ValueError, match="clipnorm to be at least 0, got -1"):
        optimizers.Adam(clipnorm=-1.0)
    with pytest.raises(ValueError, match="momentum to be a number from 0 to 1, got 2"):
        optimizers.SGD(momentum=2)
    with pytest.raises(ValueError, match="ema_momentum"):
        optimizers.SGD(use_ema=True, ema_momentum=1.5)
    with pytest.raises(ValueError, match="gradient_accumulation_steps"):
        optimizers.SGD(gradient_accumulation_steps=1)
    with pytest.raises(ValueError, match="weight_decay"):
        optimizers.AdamW(weight_decay=None)


def test_variables_and_gradients_are_checked():
    a, b = make_variables()
    optimizer = optimizers.SGD(name="sgd")
    with pytest.raises(ValueError, match="build"):
        optimizer.apply([np.zeros((3, 2))])
    optimizer.build([a])
    with pytest.raises(ValueError, match="does not know v1"):
        optimizer.apply_gradients([(np.zeros(5), b)])
    with pytest.raises(ValueError, match=r"expected shape \(3, 2\), got \(2, 3\)"):
        optimizer.apply_gradients([(np.zeros((2, 3)), a)])
    with pytest.raises(ValueError, match="No gradient"):
        optimizer.apply_gradients([(None, a)])
    with pytest.raises(ValueError, match="one dtype, got float32, float64"):
        optimizers.SGD().build([a, Variable(np.zeros(2), dtype="float64")])


def test_a_variable_without_gradient_stays_and_is_named():
    a, b = make_variables()
    before = b.numpy()
    optimizer = optimizers.Adam(weight_decay=0.5)
    with pytest.warns(UserWarning, match="v1"):
        optimizer.apply_gradients([(np.ones((3, 2)), a), (None, b)])
    assert np.array_equal(b.numpy(), before)
    assert int(optimizer.iterations) == 1


def test_a_subset_of_the_variables_may_be_updated():
    a, b = make_variables()
    before = b.numpy()
    optimizer = optimizers.SGD(0.5)
    optimizer.build([a, b])
    expected = a.numpy() - 0.5
    optimizer.apply_gradients([(np.ones((3, 2)), a)])
    np.testing.assert_allclose(a.numpy(), expected)
    assert np.array_equal(b.numpy(), before)


def test_clipping_by_norm_is_per_variable_and_globally_over_all():
    def update(**settings):
        a, b = (Variable(np.zeros(2), dtype="float64") for _ in range(2))
        optimizers.SGD(1.0, **settings).apply_gradients([([3.0, 4.0], a), ([0.0, 12.0], b)])
        return np.concatenate([-a.numpy(), -b.numpy()])

    np.testing.assert_allclose(update(clipnorm=1.0), [0.6, 0.8, 0, 1])
    np.testing.assert_allclose(update(clipnorm=100.0), [3, 4, 0, 12])
    np.testing.assert_allclose(update(global_clipnorm=1.3), [0.3, 0.4, 0, 1.2])
    np.testing.assert_allclose(update(clipvalue=3.5), [3, 3.5, 0, 3.5])


def test_a_gradient_that_is_not_finite_is_not_hidden_by_clipping():
    variable = Variable(np.zeros(2))
    optimizers.SGD(global_clipnorm=1.0).apply_gradients([([np.inf, 1.0], variable)])
    assert np.isnan(variable.numpy()).all()


def test_weight_decay_leaves_out_what_it_is_told_to():
    for settings in ({}, {"amsgrad": True}):
        kernel = Variable(np.ones(3), name="kernel")
        bias = Variable(np.ones(3), name="bias")
        optimizer = optimizers.AdamW(0.1, weight_decay=0.5, **settings)
        optimizer.exclude_from_weight_decay(var_names=["bias"])
        optimizer.apply_gradients([(np.zeros(3), kernel), (np.zeros(3), bias)])
        np.testing.assert_allclose(kernel.numpy(), 0.95, rtol=1e-6)
        assert np.array_equal(bias.numpy(), np.ones(3))
        with pytest.raises(ValueError, match="before the first step"):
            optimizer.exclude_from_weight_decay(var_names=["bias"])


def test_the_loss_is_scaled_by_what_gradients_are_divided_by():
    variable = Variable(np.zeros(2))
    optimizer = optimizers.SGD(1.0, loss_scale_factor=4.0)
    assert optimizer.scale_loss(3.0) == 12.0
    assert optimizers.SGD().scale_loss(3.0) == 3.0
    optimizer.apply_gradients([([4.0, 8.0], variable)])
    assert variable.numpy().tolist() == [-1.0, -2.0]


def test_constraints_hold_after_every_step():
    from leftfold.constraints import NonNeg

    variable = Variable(np.array([0.1, 2.0]))
    variable.constraint = NonNeg()
    optimizers.SGD(1.0).apply_gradients([([1.0, 1.0], variable)])
    assert variable.numpy().tolist() == [0.0, 1.0]


def test_learning_rate_can_be_set_scheduled_and_called():
    variable = Variable(np.zeros(1), dtype="float64")
    optimizer = optimizers.SGD(1.0)
    optimizer.learning_rate = 0.5
    optimizer.apply_gradients([([1.0], variable)])
    optimizer.learning_rate.assign(0.25)
    optimizer.apply_gradients([([1.0], variable)])
    assert variable.numpy().tolist() == [-0.75]
    scheduled = optimizers.SGD(schedules.PiecewiseConstantDecay([0], [1.0, 0.125]))
    for _ in range(2):
        scheduled.apply_gradients([([1.0], variable)])
    assert variable.numpy().tolist() == [-1.875]
    assert float(scheduled.learning_rate) == 0.125
    assert [v.name for v in scheduled.variables] == ["iteration"]
    with pytest.raises(TypeError, match="schedule"):
        scheduled.learning_rate = 0.5
    optimizer.learning_rate = schedules.ExponentialDecay(0.5, 1, 0.5)
    assert float(optimizer.learning_rate) == 0.125
    assert [v.name for v in optimizer.variables] == ["iteration"]
    called = optimizers.SGD(lambda: 2.0)
    called.apply_gradients([([1.0], variable)])
    assert variable.numpy().tolist() == [-3.875]


def test_a_scheduled_optimizer_round_trips():
    optimizer = optimizers.Adam(schedules.ExponentialDecay(0.1, 10, 0.5))
    config = optimizers.serialize(optimizer)
    assert config["config"]["learning_rate"]["module"] == "keras.optimizers.schedules"
    again = optimizers.deserialize(json.loads(json.dumps(config)))
    assert float(again._learning_rate(10)) == pytest.approx(0.05)


class Signed(optimizers.Optimizer):
    """An optimiser written as one would for Keras."""

    def __init__(self, learning_rate=0.1, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.steps = self.add_optimizer_variables(variables, "steps")

    def update_step(self, gradient, variable, learning_rate):
        count = self.steps[self._get_variable_index(variable)]
        self.assign_add(count, np.ones(count.shape))
        self.assign_sub(variable, learning_rate * np.sign(np.asarray(gradient)))


def test_an_optimizer_of_ones_own_needs_only_update_step():
    variable = Variable(np.zeros(3))
    optimizer = Signed(0.5, weight_decay=0.1, clipvalue=1.0)
    for _ in range(2):
        optimizer.apply_gradients([([3.0, 0.0, -2.0], variable)])
    np.testing.assert_allclose(variable.numpy(), [-0.975, 0, 0.975])
    assert optimizer.variables[2].numpy().tolist() == [2, 2, 2]
    assert optimizers.get(optimizer) is optimizer
    config = optimizers.serialize(optimizer)
    assert config["registered_name"] == "Signed"
    assert type(optimizers.deserialize(config, {"Signed": Signed})) is Signed


def test_nothing_to_train_is_legal():
    optimizer = optimizers.Adam()
    optimizer.build([])
    optimizer.step()
    assert int(optimizer.iterations) == 1


@pytest.mark.parametrize("cls", [optimizers.Adam, optimizers.AdamW, optimizers.Nadam])
def test_an_id_that_repeats_in_a_batch_takes_the_step_of_its_whole_gradient(cls):
    table = Variable(np.ones((3, 1)))
    optimizer = cls(0.01)
    with Tape() as tape:
        loss = ops.sum(ops.embedding(table, np.array([[1, 1, 2]])))
    optimizer.apply_gradients([(tape.gradient(loss, [table])[0], table)])
    moved = 1 - table.numpy().ravel()
    assert moved[1] == pytest.approx(moved[2], rel=1e-4)
    assert moved[1] > 0.009
