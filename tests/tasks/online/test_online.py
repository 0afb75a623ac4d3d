"""Learning from a stream: states, scales, judging before learning, and drift."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold.tasks.errors import DataError, NotFittedError
from leftfold.tasks.online import OnlineRegressor, PageHinkley, prequential
from leftfold.tasks.online.regressor import RunningScale


def stream(steps: int = 240, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A switch is thrown now and then; the target is how it stands."""
    random = np.random.default_rng(seed)
    thrown = np.where(random.random(steps) < 0.1, random.choice([-1.0, 1.0], steps), 0.0)
    thrown[0] = 1.0
    stands = np.zeros(steps)
    for step, value in enumerate(thrown):
        stands[step] = value or stands[step - 1]
    return thrown[:, None], stands


def test_running_scales_are_those_of_everything_seen():
    rows = np.random.default_rng(1).normal(3, 5, (50, 2))
    scale = RunningScale(2)
    for part in np.split(rows, [1, 7, 30]):
        scale.update(part)
    np.testing.assert_allclose(scale.mean, rows.mean(0))
    np.testing.assert_allclose(scale.deviation, rows.std(0))
    np.testing.assert_allclose(scale.unscaled(scale.scaled(rows)), rows)


def test_predictions_leave_the_state_alone_and_learning_moves_it():
    x, y = stream()
    learner = OnlineRegressor(units=6).partial_fit(x[:20], y[:20])
    first = learner.predict(x[20:30])
    np.testing.assert_array_equal(learner.predict(x[20:30]), first)
    learner.model_.get_layer("reader").reset_states()
    assert np.abs(learner.predict(x[20:30]) - first).max() > 1e-4


def test_the_kept_state_is_that_of_the_whole_stream_read_at_once():
    x, y = stream(60)
    learner = OnlineRegressor(units=6, passes=1, learning_rate=1e-12)
    learner.partial_fit(x[:40], y[:40])
    after_parts = [np.array(state) for state in learner._states()]
    learner.reset_states()
    scaled = learner.features_.scaled(x[:40])[None].astype("float32")
    for at in range(0, 40, 8):
        learner.model_.predict_on_batch(scaled[:, at : at + 8])
    for a, b in zip(after_parts, learner._states(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_stateful_learner_knows_what_happened_in_windows_before():
    x, y = stream(1200)
    learner = OnlineRegressor("gru", units=12, passes=6, seed=1)
    found = prequential(learner, x, y, window=10, begin=800)
    assert found.mean_error < 0.3 < np.abs(y[800:]).mean()


def test_everything_is_judged_before_it_is_learnt():
    seen = []

    class Spy:
        def predict(self, x):
            seen.append(("predict", len(x), x[0, 0]))
            return np.zeros(len(x))

        def partial_fit(self, x, y):
            seen.append(("learn", len(x), x[0, 0]))

    x = np.arange(7.0)[:, None]
    found = prequential(Spy(), x, np.ones(7), window=3)
    assert seen == [
        ("learn", 3, 0.0), ("predict", 3, 3.0), ("learn", 3, 3.0),
        ("predict", 1, 6.0), ("learn", 1, 6.0),
    ]  # fmt: skip
    assert found.begin == 3 and found.errors.tolist() == [1.0] * 4
    assert found.rolling(2).tolist() == [1.0] * 3


def test_leads_are_taken_where_both_were_judged():
    class Constant:
        def __init__(self, value):
            self.value = value

        def predict(self, x):
            return np.full(len(x), self.value)

        def partial_fit(self, x, y):
            pass

    x, y = np.zeros((40, 1)), np.random.default_rng(0).normal(size=40)
    better = prequential(Constant(0.0), x, y, begin=5)
    worse = prequential(Constant(3.0), x, y, begin=10)
    lead = better.lead(worse, block=4)
    assert lead.low > 0
    assert lead.value == pytest.approx(worse.mean_error - better.errors[5:].mean())


def test_a_rise_is_noticed_soon_and_steady_noise_and_falls_are_not():
    random = np.random.default_rng(3)
    noise = np.abs(random.normal(size=2000))
    quiet = PageHinkley(threshold=50)
    assert [step for step, value in enumerate(noise) if quiet.update(value)] == []
    drift = PageHinkley(threshold=50)
    errors = np.concatenate([noise[:500], noise[500:700] + 3])
    steps = [step for step, value in enumerate(errors) if drift.update(value)]
    assert steps and 500 <= steps[0] < 550
    falls = PageHinkley(threshold=50)
    lower = np.concatenate([noise[:500] + 3, noise[500:]])
    assert [step for step, value in enumerate(lower) if falls.update(value)] == []
    scaled = PageHinkley(threshold=50)
    assert [s for s, value in enumerate(errors * 1e6) if scaled.update(value)] == steps


def test_a_learner_goes_on_from_its_file_as_if_nothing_had_happened(tmp_path):
    x, y = stream()
    learner = OnlineRegressor("lstm", units=5).fit(x[:100], y[:100], window=20)
    learner.save(tmp_path / "o.leftfold")
    other = OnlineRegressor.load(tmp_path / "o.leftfold")
    assert other.seen_ == 100
    np.testing.assert_array_equal(other.predict(x[100:120]), learner.predict(x[100:120]))
    learner.partial_fit(x[100:120], y[100:120])
    other.partial_fit(x[100:120], y[100:120])
    np.testing.assert_allclose(other.predict(x[120:]), learner.predict(x[120:]), atol=1e-5)


def test_the_share_explained_of_targets_that_do_not_vary_is_none_or_all():
    learner = OnlineRegressor(units=2, passes=1).partial_fit([[1.0]], [1.0])
    guess = learner.predict([[1.0]])
    assert learner.score([[1.0]], guess) == 1.0
    assert learner.score([[1.0]], guess + 1) == 0.0


def test_fit_forgets_what_was_before():
    x, y = stream()
    once = OnlineRegressor(units=4, seed=2).fit(x[:40], y[:40])
    twice = OnlineRegressor(units=4, seed=2).fit(x[40:], y[40:]).fit(x[:40], y[:40])
    np.testing.assert_array_equal(once.predict(x[40:50]), twice.predict(x[40:50]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda o: o.partial_fit([[np.nan]], [1.0]), "X, step 1: expected a finite number"),
        (lambda o: o.partial_fit([[1.0]], [np.inf]), "y, step 1: expected a finite number"),
        (lambda o: o.partial_fit([1.0], [1.0]), r"X expected shape \(steps, features\)"),
        (lambda o: o.partial_fit([[1.0]], [1.0, 2.0]), r"y expected shape \(1,\), got \(2,\)"),
        (lambda o: o.fit(np.ones((4, 1)), np.ones(8), 2), r"y expected shape \(4,\), got \(8,\)"),
        (lambda o: o.partial_fit([[1.0]], [1.0]).score([[1.0]] * 2, [1.0]), r"shape \(2,\)"),
        (lambda o: prequential(o, np.zeros((3, 1)), np.zeros(3), 5), "a beginning from 5"),
        (lambda o: PageHinkley().update(np.nan), "finite numbers, got nan"),
    ],
)
def test_what_no_stream_may_hold_is_refused(call, message):
    with pytest.raises(DataError, match=message):
        call(OnlineRegressor())


def test_settings_and_order_of_calls_are_checked():
    with pytest.raises(NotFittedError):
        OnlineRegressor().predict([[1.0]])
    with pytest.raises(ValueError, match="cell expected one of"):
        OnlineRegressor("cnn").partial_fit([[1.0]], [1.0])
    with pytest.raises(ValueError, match="passes expected"):
        OnlineRegressor(passes=0).partial_fit([[1.0]], [1.0])
    with pytest.raises(ValueError, match="learning_rate expected a number above 0, got -1"):
        OnlineRegressor(learning_rate=-1).partial_fit([[1.0]], [1.0])
    learner = OnlineRegressor(units=2, passes=1).partial_fit([[1.0]], [1.0])
    with pytest.raises(ValueError, match="window expected a positive whole number, got 0"):
        learner.fit([[1.0]], [1.0], window=0)
    assert learner.seen_ == 1  # a call that is refused forgets nothing
    found = prequential(learner, np.zeros((4, 1)), np.zeros(4), 1)
    with pytest.raises(ValueError, match="steps expected a whole number from 1 to 3, got 4"):
        found.rolling(4)
    with pytest.raises(ValueError, match="block expected a positive whole number, got 0"):
        found.lead(found, 0)
    with pytest.raises(ValueError, match="PageHinkley expected"):
        PageHinkley(threshold=0)
    with pytest.raises(DataError, match=r"shape \(steps, 1\), got \(1, 2\)"):
        OnlineRegressor(units=2).partial_fit([[1.0]], [1.0]).predict([[1.0, 2.0]])
