"""`summary`: Keras's table, to the character, and known numbers of parameters."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

import leftfold
from leftfold import Input, Model, Sequential, layers
from tests.golden.graph_programs import MODELS, run

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "graphs.json").read_text(encoding="utf-8")
)


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "COLUMNS", "120")


def text(model: Model, **arguments: object) -> str:
    lines: list[str] = []
    model.summary(print_fn=lines.append, **arguments)  # type: ignore[arg-type]
    return "\n".join(lines)


@pytest.mark.parametrize("name", MODELS)
def test_summary_is_that_of_keras(name: str) -> None:
    assert run(leftfold, name)["summaries"] == GOLDEN[name]["summaries"]


def test_masks_that_come_with_a_list_of_tensors_are_not_shown() -> None:
    words = Input((None,), name="words")
    embedded = layers.Embedding(5, 4, mask_zero=True, name="embedded")(words)
    read = layers.GRU(4, return_sequences=True, name="read")(embedded)
    attended = layers.Attention(name="attended")([read, read])
    rows = [row.split("│") for row in text(Model(words, attended)).splitlines() if "│" in row]
    connected = {row[1].split()[0]: row[4].strip() for row in rows if row[1].strip()}
    assert connected["read"] == "embedded[0][0],"
    assert connected["attended"] == "read[0][0], read[0][0]"
    assert any(row[4].strip() == "not_equal[0][0]" for row in rows)


def test_known_numbers_of_parameters() -> None:
    def count(*stack: layers.Layer, features: tuple = ()) -> int:
        model = Sequential([Input((None, *features)), *stack])
        return model.count_params()

    words = layers.Embedding(10000, 32)
    assert count(words, layers.SimpleRNN(32)) == 322_080
    deep = [layers.SimpleRNN(32, return_sequences=True) for _ in range(3)]
    assert count(layers.Embedding(10000, 32), *deep, layers.SimpleRNN(32)) == 328_320
    assert count(layers.SimpleRNN(256), features=(100,)) == 91_392
    head = layers.SimpleRNN(16), layers.Dense(1)
    assert count(layers.Embedding(5000, 32), *head) == 160_801
    assert count(layers.LSTM(256), features=(100,)) == 4 * 91_392
    assert count(layers.GRU(256, reset_after=False), features=(100,)) == 3 * 91_392


def test_unbuilt_model_says_so() -> None:
    shown = text(Sequential([layers.Dense(3), layers.Dropout(0.1)]))
    assert "0 (unbuilt)" in shown
    assert "Total params: 0 (0.00 B)" in shown


def test_subclassed_model_shows_its_layers() -> None:
    class Own(Model):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = layers.Dense(4)
            self.head = layers.Dense(2)

        def call(self, x: object) -> object:
            return self.head(self.hidden(x))

    model = Own()
    model(np.zeros((2, 3)))
    shown = text(model)
    assert "(2, 4)" in shown
    assert "Total params: 26" in shown


def test_frozen_layers_count_as_not_trainable() -> None:
    model = Sequential([Input((4,)), layers.Dense(3), layers.Dense(1)])
    model.layers[0].trainable = False
    shown = text(model, show_trainable=True)
    assert "Trainable params: 4 (16.00 B)" in shown
    assert "Non-trainable params: 15 (60.00 B)" in shown


def test_part_of_the_layers_can_be_shown() -> None:
    stack = [layers.Dense(2, name=name) for name in ("first", "two", "three", "last")]
    model = Sequential([Input((4,)), *stack])
    shown = text(model, layer_range=("two", "t.*"))
    assert ["first" in shown, "two" in shown, "three" in shown, "last" in shown] == [0, 1, 1, 0]
    with pytest.raises(ValueError, match="found no layers"):
        text(model, layer_range=("two", "seven"))
    with pytest.raises(ValueError, match="to be two names"):
        text(model, layer_range=("two",))


def test_too_narrow_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="got 6"):
        text(Sequential([Input((4,)), layers.Dense(3)]), line_length=6)


def test_summary_is_printed_where_no_function_is_given(capsys: pytest.CaptureFixture) -> None:
    Sequential([Input((4,)), layers.Dense(3)]).summary()
    assert "Total params: 15" in capsys.readouterr().out


def test_positions_of_too_few_columns_are_named() -> None:
    model = Sequential([Input((3,)), layers.Dense(1)])
    with pytest.raises(ValueError, match=r"expected positions of 3 columns, got \[0\.5, 1\.0\]"):
        model.summary(positions=[0.5, 1.0], show_trainable=True)


def test_shapes_of_own_layers_called_on_data_are_known_if_they_state_them() -> None:
    class Own(Model):
        def __init__(self, part: layers.Layer) -> None:
            super().__init__()
            self.part = part

        def call(self, inputs: object) -> object:
            return self.part(inputs)

    class Narrow(layers.Layer):
        def __init__(self) -> None:
            super().__init__(name="part")
            self.dense = layers.Dense(2)

        def call(self, inputs: object) -> object:
            return self.dense(inputs)

    class Stating(Narrow):
        def compute_output_shape(self, input_shape: tuple) -> tuple:
            return (*input_shape[:-1], 2)

    class Inherited(layers.Dense):
        pass

    shown = {}
    for part in (Narrow(), Stating(), Inherited(2, name="part")):
        model = Own(part)
        model(np.zeros((3, 4), "float32"))
        row = next(line for line in text(model).splitlines() if "part (" in line)
        shown[type(part).__name__] = row.split("│")[2].strip()
    assert shown == {"Narrow": "?", "Stating": "(3, 2)", "Inherited": "(3, 2)"}
