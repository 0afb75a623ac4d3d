"""Teacher forcing: what a decoder reads in training."""

from __future__ import annotations

import numpy as np
import pytest

import leftfold
from leftfold.models import EncoderDecoder, ScheduledSampling
from leftfold.models.seq2seq.rollout import own_words

SOURCE = np.array([[5, 6, 7], [8, 3, 0]], np.int32)
READ = np.array([[1, 4, 5, 6], [1, 7, 0, 0]], np.int32)


@pytest.mark.parametrize("decay", ["linear", "exponential", "inverse_sigmoid"])
def test_schedules_fall_from_one_through_a_half_in_the_middle(decay: str) -> None:
    schedule = ScheduledSampling(decay, steps=1000, minimum=0.1)
    values = [schedule(step) for step in range(0, 3000, 100)]
    assert values[0] == pytest.approx(1, abs=0.01)
    assert schedule(500) == pytest.approx(0.5, abs=1e-6)
    assert values == sorted(values, reverse=True)
    assert schedule(10**9) == 0.1


def test_the_formulas_are_those_of_the_paper() -> None:
    assert ScheduledSampling("linear", steps=8)(2) == 0.75
    k = 0.5 ** (1 / 4)
    assert ScheduledSampling("exponential", steps=8)(3) == pytest.approx(k**3)
    schedule = ScheduledSampling("inverse_sigmoid", steps=60)
    k = schedule._k
    assert schedule(7) == pytest.approx(k / (k + np.exp(7 / k)))


def model_for(forcing: object) -> EncoderDecoder:
    leftfold.utils.set_random_seed(2)
    model = EncoderDecoder(10, 10, 4, 6, teacher_forcing=forcing, seed=5, attention="bahdanau")
    model.compile("sgd")
    return model


def test_full_forcing_reads_the_right_words_and_none_its_own() -> None:
    np.testing.assert_array_equal(model_for("full")._forced(SOURCE, READ), READ)
    model = model_for("none")
    own = model._forced(SOURCE, READ)
    assert (own[:, 0] == model.START).all()
    assert (own[1, 2:] == 0).all()
    logits = model((SOURCE, own)).numpy()
    np.testing.assert_array_equal(own[0, 1:], logits[0, :-1].argmax(-1))
    assert own[1, 1] == logits[1, 0].argmax()


def test_where_a_word_is_its_own_depends_on_the_words_read_before() -> None:
    model = model_for("full")
    right = np.array([[True, True, False, True], [True, False, True, True]])
    mixed = own_words(model, SOURCE, READ, right)
    assert (mixed[right & (READ > 0)] == READ[right & (READ > 0)]).all()
    logits = model((SOURCE, mixed)).numpy()
    assert mixed[0, 2] == logits[0, 1].argmax()
    assert mixed[1, 1] == logits[1, 0].argmax()


def test_a_schedule_follows_the_steps_of_training() -> None:
    model = model_for(ScheduledSampling("linear", steps=3))
    shares = []
    own = model._forced

    def watched(source: np.ndarray, read: np.ndarray) -> np.ndarray:
        shares.append(model.teacher_forcing(int(model.optimizer.iterations)))
        return own(source, read)

    model._forced = watched  # type: ignore[method-assign]
    model.fit([[5, 6], [7, 8]], [[3, 4], [5, 6]], batch_size=1, epochs=2, verbose=0)
    assert shares == pytest.approx([1, 2 / 3, 1 / 3, 0])


@pytest.mark.parametrize("forcing", ["none", 0.5])
def test_training_on_its_own_words_learns(forcing: object) -> None:
    model = model_for(forcing)
    model.compile(leftfold.optimizers.Adam(0.02))
    rows = [[3, 4, 5], [6, 7], [8, 9, 3], [4, 4]]
    history = model.fit(rows, rows, epochs=150, verbose=0).history
    assert history["loss"][-1] < 0.5 * history["loss"][0]


def test_wrong_schedules_are_refused() -> None:
    with pytest.raises(ValueError, match="expected decay to be one of linear"):
        ScheduledSampling("cosine")
    with pytest.raises(ValueError, match="expected steps to be a positive integer, got 0"):
        ScheduledSampling(steps=0)
    with pytest.raises(ValueError, match="teacher_forcing to be from 0 to 1, got 2"):
        EncoderDecoder(9, 9, teacher_forcing=2)
