from __future__ import annotations

import io
import re
import sys
from typing import Any

import numpy as np
import pytest

from leftfold import Sequential, layers
from leftfold.models.progress import (
    LiveProgress,
    Progress,
    format_duration,
    format_logs,
    format_step_time,
    make_progress,
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def small_model() -> Sequential:
    model = Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


X, Y = np.ones((10, 2), np.float32), np.zeros((10, 1), np.float32)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "40ms/step"), (2.6, "3s/step"), (0, "0s/step"), (0.0002, "200us/step")],
)
def test_step_times_are_short(seconds: float, text: str) -> None:
    assert format_step_time(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(7.2, "0:07"), (59.6, "1:00"), (760, "12:40"), (3729, "1:02:09")]
)
def test_durations_read_as_on_a_clock(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


def test_values_that_would_vanish_are_in_scientific_notation() -> None:
    assert format_logs({"loss": 0.69314, "mae": 2e-5}) == " - loss: 0.6931 - mae: 2.0000e-05"
    assert format_logs({"loss": -1.25}) == " - loss: -1.2500"


def test_verbose_chooses_the_reporter(monkeypatch: pytest.MonkeyPatch) -> None:
    assert make_progress(0) is None
    assert make_progress(False) is None
    assert type(make_progress("auto")) is Progress
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert type(make_progress("auto")) is LiveProgress
    assert type(make_progress(1)) is LiveProgress
    assert type(make_progress(2)) is Progress
    with pytest.raises(ValueError, match="verbose expected 0, 1, 2 or 'auto', got 3"):
        make_progress(3)


BAR = r"━{20} \d+s \d+(ms|us|s)/step"


@pytest.mark.parametrize(
    ("verbose", "pace"), [(1, BAR), ("auto", BAR), (2, r"- \d+s - \d+(ms|us|s)/step")]
)
def test_lines_are_those_of_keras(capsys: pytest.CaptureFixture, verbose: Any, pace: str) -> None:
    small_model().fit(X, Y, batch_size=4, epochs=2, verbose=verbose, validation_split=0.2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[::2] == ["Epoch 1/2", "Epoch 2/2"]
    number = r"\d\.\d{4}(e-\d\d)?"
    for line in lines[1::2]:
        assert re.fullmatch(
            rf"2/2 {pace} - loss: {number} - mae: {number}"
            rf" - val_loss: {number} - val_mae: {number}",
            line,
        )


def test_one_epoch_has_no_headline(capsys: pytest.CaptureFixture) -> None:
    small_model().fit(X, Y, verbose=2)
    assert "Epoch" not in capsys.readouterr().out


def test_silence_is_silent(capsys: pytest.CaptureFixture) -> None:
    model = small_model()
    model.fit(X, Y, verbose=0)
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)
    assert capsys.readouterr().out == ""


def test_evaluate_and_predict_say_one_line_each(capsys: pytest.CaptureFixture) -> None:
    model = small_model()
    model.evaluate(X, Y, batch_size=5, verbose=2)
    model.predict(X, batch_size=5, verbose=2)
    judged, predicted = capsys.readouterr().out.splitlines()
    assert re.match(r"2/2 - .*/step - loss: .* - mae: ", judged)
    assert re.fullmatch(r"2/2 - \d+s - \d+\w+/step", predicted)


def test_an_unknown_number_of_steps_is_known_in_the_end(capsys: pytest.CaptureFixture) -> None:
    small_model().fit(((X, Y) for _ in range(3)), verbose=2)
    assert capsys.readouterr().out.startswith("3/3 - ")


def test_the_live_bar_shows_rate_time_left_and_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leftfold.models.progress._REFRESH_SECONDS", 0.0)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", Terminal())
    small_model().fit(X, Y, batch_size=2, epochs=2, verbose=1, validation_split=0.2)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", sys.stdout.getvalue())  # type: ignore[attr-defined]
    assert re.search(r"3/4.*rows/s.*0:00 left.*loss: \d", shown)
    assert "validating" in shown
    assert re.search(rf"Epoch 2/2\n.*4/4 {BAR} - .*val_mae: [\d.]+\n", shown, re.S)


def test_the_bar_is_drawn_with_what_the_output_can_show(monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", output)
    small_model().fit(X, Y, verbose=1)
    output.flush()
    assert b"==================== " in output.buffer.getvalue()


def test_an_interrupted_run_gives_the_terminal_back(monkeypatch: pytest.MonkeyPatch) -> None:
    from leftfold.callbacks import Callback

    class Stop(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdout", Terminal())
    before = sys.stdout
    with pytest.raises(KeyboardInterrupt):
        small_model().fit(X, Y, verbose=1, callbacks=[Stop()])
    assert sys.stdout is before
    assert "\x1b[?25h" in sys.stdout.getvalue()  # type: ignore[attr-defined]
