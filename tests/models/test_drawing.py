"""`plot_model`: every layer a box, every connection a line, and nothing over anything else."""

from __future__ import annotations

import builtins
import itertools
import re
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leftfold import Input, Model, Sequential, layers
from leftfold.models.drawing.labels import text_width
from leftfold.utils import model_to_dot, plot_model
from tests.golden.graph_programs import MODELS

SVG = "{http://www.w3.org/2000/svg}"
DIRECTIONS = ("TB", "BT", "LR", "RL")


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float
    texts: list[str]

    def holds(self, x: float, y: float, inwards: float) -> bool:
        """Whether a point lies inside; a negative distance takes in the border."""
        across = self.left + inwards < x < self.right - inwards
        return across and self.top + inwards < y < self.bottom - inwards


class Picture:
    """What the text of an SVG file draws."""

    def __init__(self, svg: str) -> None:
        root = ElementTree.fromstring(svg)
        self.size = tuple(float(size) for size in root.attrib["viewBox"].split()[2:])
        self.boxes = [_box(group) for group in root.iter(f"{SVG}g")]
        self.frames = [
            _rectangle(rect, 0, 0) for rect in root.iter(f"{SVG}rect") if "rx" in rect.attrib
            and "stroke-dasharray" in rect.attrib
        ]  # fmt: skip
        self.titles = [text.text for text in root.findall(f"{SVG}text")]
        self.lines = [_points(path.attrib["d"]) for path in root.iter(f"{SVG}path")]
        self.tips = [
            tuple(map(float, tip.attrib["points"].split()[0].split(",")))
            for tip in root.iter(f"{SVG}polygon")
        ]

    def connections(self) -> set[tuple[str, str]]:
        """The first texts of the boxes at the ends of each line."""
        return {
            (self._at(line[0]), self._at(tip))
            for line, tip in zip(self.lines, self.tips, strict=True)
        }

    def _at(self, point: Any) -> str:
        touched = [box for box in self.boxes if box.holds(*point, -0.2)]
        assert len(touched) == 1, f"a line ends at {point}, where there are {len(touched)} boxes"
        return touched[0].texts[0]

    def check(self) -> None:
        """Nothing lies over anything else, or outside."""
        for one, other in itertools.combinations(self.boxes, 2):
            beside = one.right <= other.left or other.right <= one.left
            assert beside or one.bottom <= other.top or other.bottom <= one.top, (one, other)
        for box in [*self.boxes, *self.frames]:
            assert box.left >= 0 and box.right <= self.size[0]
            assert box.top >= 0 and box.bottom <= self.size[1]
        for line in self.lines:
            for x, y in line:
                assert 0 <= x <= self.size[0] and 0 <= y <= self.size[1]
                crossed = [box.texts[0] for box in self.boxes if box.holds(x, y, 0.2)]
                assert not crossed, f"a line crosses {crossed} at {x, y}"
        assert self.connections() is not None


def _rectangle(rect: ElementTree.Element, x: float, y: float) -> Box:
    left, top = x + float(rect.get("x", 0)), y + float(rect.get("y", 0))
    width, height = float(rect.attrib["width"]), float(rect.attrib["height"])
    return Box(left, top, left + width, top + height, [])


def _box(group: ElementTree.Element) -> Box:
    x, y = map(float, re.findall(r"-?[\d.]+", group.attrib["transform"]))
    rect = group.find(f"{SVG}rect")
    assert rect is not None
    return _rectangle(rect, x, y)._replace(texts=[t.text or "" for t in group.iter(f"{SVG}text")])


def _points(path: str) -> list[tuple[float, float]]:
    """Points of a line, close to each other."""
    points: list[Any] = []
    for command, numbers in re.findall(r"([MLC])([^MLC]*)", path):
        corners = [np.array(pair.split(","), float) for pair in numbers.split()]
        if command == "M":
            points += corners
            continue
        start = points[-1]
        first, second, end = corners if command == "C" else (start, corners[-1], corners[-1])
        if command == "L":
            first, second = start + (end - start) / 3, start + (end - start) * 2 / 3
        for t in np.linspace(0, 1, 40)[1:]:
            s = 1 - t
            points.append(
                s**3 * start + 3 * s * s * t * first + 3 * s * t * t * second + t**3 * end
            )
    return [(float(x), float(y)) for x, y in points]


def draw(model: Any, **arguments: Any) -> Picture:
    arguments.setdefault("show_layer_names", True)
    return Picture(model_to_dot(model, **arguments).to_svg())


def reader() -> Model:
    """Two inputs, one of which passes by; a shared layer; two outputs."""
    first, second = Input((7,), name="first"), Input((7,), name="second")
    words = layers.Embedding(9, 4, name="words")
    read = layers.LSTM(5, return_state=True, name="read")
    output, *states = read(words(first))
    answer = layers.LSTM(5, name="answer")(words(second), initial_state=states)
    return Model([first, second], [layers.Dense(1, name="score")(output), answer])


def nested() -> Model:
    tower = Sequential([Input((6, 3)), layers.GRU(4, name="deep"), layers.Dense(4, name="flat")])
    tower.name = "a_tower_with_a_rather_long_name"
    left, right = Input((6, 3), name="left"), Input((6, 3), name="right")
    return Model([left, right], layers.Subtract(name="apart")([tower(left), tower(right)]))


@pytest.mark.parametrize("rankdir", DIRECTIONS)
@pytest.mark.parametrize("expand_nested", [False, True])
@pytest.mark.parametrize("name", [*MODELS, "reader", "nested"])
def test_nothing_lies_over_anything_else(name: str, expand_nested: bool, rankdir: str) -> None:
    import leftfold

    own = {"reader": reader, "nested": nested}
    model = own[name]() if name in own else MODELS[name][0](leftfold)
    for show in (False, True):
        draw(
            model,
            rankdir=rankdir,
            expand_nested=expand_nested,
            show_shapes=show,
            show_dtype=show,
            show_trainable=show,
            show_layer_activations=show,
        ).check()


@given(
    st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=3), min_size=1, max_size=14),
    st.sampled_from(DIRECTIONS),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_any_graph_is_drawn_without_crossing_its_boxes(
    parents: list[list[int]], rankdir: str, show_shapes: bool
) -> None:
    tensors: list[Any] = [Input((2,), name="layer0")]
    expected = set()
    for number, chosen in enumerate(parents, 1):
        several = sorted({parent % number for parent in chosen})
        expected |= {(f"layer{parent}", f"layer{number}") for parent in several}
        given_tensors = [tensors[parent] for parent in several]
        if len(given_tensors) > 1:
            tensors.append(layers.Add(name=f"layer{number}")(given_tensors))
        else:
            tensors.append(layers.Activation("relu", name=f"layer{number}")(given_tensors[0]))
    picture = draw(Model(tensors[0], tensors[1:]), rankdir=rankdir, show_shapes=show_shapes)
    picture.check()
    assert picture.connections() == expected


def test_every_layer_is_one_box_and_every_connection_one_line() -> None:
    picture = draw(reader())
    heads = [" ".join(box.texts) for box in picture.boxes]
    assert sorted(heads) == [
        "answer (LSTM)", "first (InputLayer)", "read (LSTM)", "score (Dense)",
        "second (InputLayer)", "words (Embedding)",
    ]  # fmt: skip
    assert picture.connections() == {
        ("first", "words"), ("second", "words"), ("words", "read"), ("words", "answer"),
        ("read", "answer"), ("read", "score"),
    }  # fmt: skip
    assert len(picture.lines) == 6
    heights = {box.texts[0]: box.top for box in picture.boxes}
    assert heights["first"] == heights["second"] < heights["words"] < heights["read"]


def test_a_layer_called_on_its_own_output_has_a_line_back_to_itself() -> None:
    inputs, again = Input((3,), name="inputs"), layers.Dense(3, name="again")
    picture = draw(Model(inputs, again(again(inputs))))
    picture.check()
    assert picture.connections() == {("inputs", "again"), ("again", "again")}


def test_data_flows_in_the_direction_asked_for() -> None:
    model = Sequential([Input((5, 2)), layers.LSTM(3, name="one"), layers.Dense(1, name="two")])
    for rankdir, (x, y) in {"TB": (0, 1), "BT": (0, -1), "LR": (1, 0), "RL": (-1, 0)}.items():
        first, second = sorted(draw(model, rankdir=rankdir).boxes, key=lambda box: box.texts)
        assert np.sign(round(second.left + second.right - first.left - first.right)) == x
        assert np.sign(round(second.top + second.bottom - first.top - first.bottom)) == y


def test_models_inside_are_one_box_unless_expanded() -> None:
    model = nested()
    name = "a_tower_with_a_rather_long_name"
    assert {box.texts[0] for box in draw(model).boxes} == {"left", "right", name, "apart"}
    assert draw(model).frames == []
    picture = draw(model, expand_nested=True)
    assert {box.texts[0] for box in picture.boxes} == {"left", "right", "deep", "flat", "apart"}
    assert picture.titles == [name]
    (frame,) = picture.frames
    inside = {box.texts[0] for box in picture.boxes if frame.holds(box.left, box.top, 0)}
    assert inside == {"deep", "flat"}
    assert picture.connections() == {
        ("left", "deep"), ("right", "deep"), ("deep", "flat"), ("flat", "apart"),
    }  # fmt: skip


def test_what_is_shown_of_a_layer() -> None:
    frozen = layers.Dense(1, activation="sigmoid", name="out")
    model = Sequential([Input((5, 2)), layers.LSTM(3, return_sequences=True), frozen])
    frozen.trainable = False
    shown: dict[str, Any] = {
        "show_shapes": True, "show_dtype": True, "show_layer_activations": True,
        "show_trainable": True,
    }  # fmt: skip
    texts = draw(model, **shown).boxes[1].texts
    assert " ".join(texts) == (
        "out (Dense) Activation: sigmoid Input shape: (None, 5, 3) Output shape: (None, 5, 1) "
        "Output dtype: float32 Non-trainable"
    )
    assert draw(model, show_layer_names=False).boxes[1].texts == ["Dense"]


def test_a_subclassed_model_is_one_box() -> None:
    class Own(Model):
        def __init__(self) -> None:
            super().__init__(name="own")
            self.read = layers.GRU(2)

        def call(self, inputs: Any) -> Any:
            return self.read(inputs)

    model = Own()
    with pytest.raises(ValueError, match=r"expected a model that has been built"):
        plot_model(model, None)
    model(np.zeros((2, 3, 1), "float32"))
    assert [box.texts for box in draw(model).boxes] == [["own", "(Own)"]]


def test_texts_fit_their_boxes_in_the_widest_usual_font() -> None:
    # Widths in DejaVu Sans and DejaVu Sans Bold at 1000 units an em.
    measured = {
        "Input shape: ": (6580, False), "Output dtype: ": (7315, False),
        "(None, 80, 128)": (8763, True), "MultiHeadAttention": (11116, True),
        "bidirectional_1": (8315, True), "sigmoid": (4441, True),
    }  # fmt: skip
    for text, (width, bold) in measured.items():
        assert width <= text_width(text, 1000, bold) <= 1.25 * width, text
    assert text_width("層", 10) >= 10


def test_names_with_signs_of_xml_are_written_as_they_are() -> None:
    model = Sequential([Input((3,)), layers.Dense(1, name='a<b>&"c"')])
    assert draw(model).boxes[0].texts[0] == 'a<b>&"c"'
    model = Sequential([Input((3,)), layers.Dense(1, name="a\x00b")])
    assert draw(model).boxes[0].texts[0] == "a\ufffdb"


def test_the_ending_decides_on_the_format(tmp_path: Path) -> None:
    pytest.importorskip("cairosvg")
    model = Sequential([Input((3,)), layers.Dense(1)])
    for name, start in {
        "a.svg": b"<svg",
        "a.png": b"\x89PNG",
        "a.pdf": b"%PDF",
        "b": b"\x89PNG",
    }.items():
        plot_model(model, tmp_path / name)
        path = tmp_path / (name if "." in name else f"{name}.png")
        assert path.read_bytes().startswith(start)
    assert len(list(tmp_path.iterdir())) == 4, "a temporary file is left"
    with pytest.raises(ValueError, match=r"expected a file that ends in \.svg, \.png or \.pdf"):
        plot_model(model, tmp_path / "a.jpg")


def test_dots_per_inch_of_a_png() -> None:
    pytest.importorskip("cairosvg")
    model = Sequential([Input((3,)), layers.Dense(1)])
    widths = [
        int.from_bytes(model_to_dot(model, dpi=dpi).create()[16:20], "big") for dpi in (96, 192)
    ]
    assert abs(widths[1] - 2 * widths[0]) <= 1
    with pytest.raises(ValueError, match=r"at most 32000 dots on a side"):
        model_to_dot(Sequential([Input((3,)), *[layers.Dense(1) for _ in range(600)]])).create()


def test_without_the_extra_only_svg_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "cairosvg":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.chdir(tmp_path)
    model = Sequential([Input((3,)), layers.Dense(1)])
    with pytest.raises(ImportError, match=r"leftfold\[plot\].*to_file=\"model\.svg\""):
        plot_model(model)
    assert list(tmp_path.iterdir()) == []
    plot_model(model, "model.svg")
    assert (tmp_path / "model.svg").read_text(encoding="utf-8").startswith("<svg")


def test_the_picture_shows_itself_in_a_notebook() -> None:
    drawing = plot_model(Sequential([Input((3,)), layers.Dense(1)]), None)
    assert drawing._repr_svg_() == drawing.create(prog="dot", format="svg").decode()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rankdir": "UP"}, "expected rankdir to be one of"),
        ({"splines": "wavy"}, "expected splines to be one of"),
        ({"subgraph": True}, "expected subgraph=False"),
        ({"dpi": 0}, "expected dpi to be a number"),
        ({"layer_range": ["a", "b"]}, "does not take the argument 'layer_range'"),
    ],
)
def test_arguments_that_cannot_be_meant(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        model_to_dot(Sequential([Input((3,)), layers.Dense(1)]), **arguments)
