"""`TextGenerator` learns, judges itself honestly, writes, and keeps all that in a file."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import leftfold
from leftfold.saving import SavingError
from leftfold.tasks.errors import DataError, NotFittedError
from leftfold.tasks.text import training
from leftfold.tasks.text.windows import Windows
from leftfold.tasks.text_generator import TextGenerator

WORDS = "the cat sat on a mat and then the dog ran to the log so we all went home again"
ORDER = WORDS.split()


def story(words: int = 1500, seed: int = 0) -> str:
    random = np.random.default_rng(seed)
    text, at = [], 0
    for _ in range(words):
        text.append(ORDER[at])
        at = (at + 1) % len(ORDER) if random.random() < 0.8 else int(random.integers(len(ORDER)))
    return " ".join(text)


def small(**settings: Any) -> TextGenerator:
    chosen = {"units": 32, "embedding": 16, "epochs": 6, "learning_rate": 0.02, "window": 40}
    return TextGenerator(**{**chosen, **settings})


@pytest.fixture(scope="module")
def writer() -> TextGenerator:
    return small().fit(story())


@pytest.mark.parametrize("unit", ["character", "word", "subword"])
def test_every_unit_learns_and_writes(unit: str) -> None:
    writer = small(unit=unit, vocabulary=300, epochs=25).fit(story())
    judged = writer.evaluate(story(300, seed=1), story())
    alone = next(row for row in judged.references if row.name == "frequencies")
    assert judged.model.nats < 0.7 * alone.nats
    text = writer.sample("the cat", length=40, seed=1)
    assert text == writer.sample("the cat", length=40, seed=1)
    assert text != writer.sample("the cat", length=40, seed=2)
    assert len(set(text.split()) & set(ORDER)) > 2
    assert "\N{REPLACEMENT CHARACTER}" not in text


def test_training_reads_the_windows_in_the_order_of_the_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[int] = []
    get = Windows.__getitem__

    def watched(windows: Windows, index: int) -> Any:
        if windows._random is not None:
            read.append(index)
        return get(windows, index)

    monkeypatch.setattr(Windows, "__getitem__", watched)
    small(epochs=1).fit(story())
    order = [index for place, index in enumerate(read) if place == 0 or index != read[place - 1]]
    assert len(order) > 20
    assert order[-20:] == list(range(order[-1] - 19, order[-1] + 1))


def test_the_same_seed_gives_the_same_network(writer: TextGenerator) -> None:
    again = small().fit(story())
    for one, other in zip(writer.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert small(seed=1).fit(story()).score(story(99, 2)) != writer.score(story(99, 2))


def test_randomness_elsewhere_goes_on_as_before() -> None:
    leftfold.utils.set_random_seed(4)
    expected = leftfold.random.normal((3,)).numpy()
    leftfold.utils.set_random_seed(4)
    small(epochs=1).fit(story(200))
    np.testing.assert_array_equal(leftfold.random.normal((3,)).numpy(), expected)


def test_losses_are_those_of_the_model_over_the_whole_text(writer: TextGenerator) -> None:
    text = story(450, seed=3)
    ids = writer.tokens_.encode(text)
    assert len(ids) > 1100  # more than one window of reading
    logits = writer.model.predict(ids[None], verbose=0)[0].astype(float)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    expected = -np.log(shares[np.arange(len(ids) - 1), ids[1:]])
    np.testing.assert_allclose(writer.losses(text), expected, atol=1e-4)
    np.testing.assert_allclose(writer.losses(text[200:], text[:200]), expected[199:], atol=1e-4)
    assert writer.score(text) == pytest.approx(-expected.mean(), abs=1e-5)


def test_an_unknown_word_costs_its_letters_in_model_and_references_alike() -> None:
    writer = small(unit="word", epochs=2).fit(story())
    text = story(300, seed=5)
    strange = text.replace(" went", " zyxwvutsrq")
    clean, marred = writer.evaluate(text, story()), writer.evaluate(strange, story())
    assert clean.unknown == 0 < marred.unknown
    assert marred.model.nats > clean.model.nats + 0.2
    for before, after in zip(clean.references, marred.references, strict=True):
        assert after.nats > before.nats + 0.2


def test_the_vocabulary_is_that_of_the_training_part() -> None:
    half = story(750)
    text = half + "\N{GREEK SMALL LETTER OMEGA}" * 3 + half  # the middle chooses the best epoch
    assert "\N{GREEK SMALL LETTER OMEGA}" not in small(epochs=1).fit(text).tokens_.pieces()


def test_the_verdict_names_the_winner(writer: TextGenerator) -> None:
    judged = writer.evaluate(story(400, seed=7), story())
    best = min(judged.references, key=lambda row: row.nats)
    assert judged.lead is not None
    assert judged.lead.value == pytest.approx(best.nats - judged.model.nats, abs=1e-9)
    assert judged.lead.low <= judged.lead.value <= judged.lead.high
    assert judged.nats.low < judged.model.nats < judged.nats.high
    assert judged.model.bits == pytest.approx(judged.model.nats / np.log(2))
    assert best.name in judged.verdict()
    poor = small(epochs=1, learning_rate=1e-6).fit(story()).evaluate(story(400, 7), story())
    assert "loses" in poor.verdict()


def test_lines_of_the_test_that_were_in_training_are_counted(writer: TextGenerator) -> None:
    line = "the cat sat on a mat and then the dog ran to the log\n"
    judged = writer.evaluate(line + story(20, seed=1), line + story())
    assert judged.repeated == 0.5


def test_sampling_in_all_its_ways(writer: TextGenerator) -> None:
    greedy = writer.sample("the cat ", 20, temperature=0)
    assert greedy == writer.sample("the cat ", 20, temperature=0, seed=9)
    assert greedy == writer.sample("the cat ", 20, top_k=1)
    assert greedy == writer.sample("the cat ", 20, top_p=1e-6)
    assert greedy == writer.sample("the cat ", 20, beams=1)
    assert "".join(writer.stream("the cat ", 20, temperature=0)) == greedy
    many = writer.sample(["the cat ", "a mat "], 20, temperature=0)
    assert many == [greedy, writer.sample("a mat ", 20, temperature=0)]
    assert len(writer.sample("", 12)) == 12
    with pytest.raises(ValueError, match="beams without temperature"):
        writer.sample("a", 5, beams=2, temperature=0.5)


def test_a_beam_finds_a_text_at_least_as_likely(writer: TextGenerator) -> None:
    def cost(text: str) -> float:
        return float(writer.losses(text, "we all ").sum())

    wide, greedy = (writer.sample("we all ", 15, beams=n) for n in (12, 1))
    assert cost(wide) <= cost(greedy) + 1e-4


def test_predictions_are_the_likeliest_tokens(writer: TextGenerator) -> None:
    shares = writer.predict_proba(["the ca", "and th"])
    assert shares.shape == (2, writer.tokens_.size)
    np.testing.assert_allclose(shares.sum(1), 1, rtol=1e-5)
    assert writer.predict(["the ca", "and th"]) == ["t", "e"]


def test_a_file_keeps_everything(writer: TextGenerator, tmp_path: Path) -> None:
    writer.save(tmp_path / "writer.leftfold")
    again = TextGenerator.load(tmp_path / "writer.leftfold")
    assert again.get_params() == writer.get_params()
    assert again.sample("the ", 50, seed=3) == writer.sample("the ", 50, seed=3)
    assert again.score(story(80, 4)) == writer.score(story(80, 4))
    assert again.training_ == writer.training_


@pytest.mark.parametrize(
    ("member", "key", "value"),
    [
        ("vocabulary.json", "known", ["a", "b"]),
        ("vocabulary.json", "unit", "letter"),
        ("settings.json", "params", {"units": 10**12}),
        ("settings.json", "state", {}),
        ("settings.json", "state", {"unwritten": [10**6]}),
        ("settings.json", "state", {"cell": "transformer"}),
    ],
)
def test_a_file_whose_parts_do_not_fit_is_refused(
    writer: TextGenerator, tmp_path: Path, member: str, key: str, value: Any
) -> None:
    path = tmp_path / "writer.leftfold"
    writer.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    data = json.loads(members[member])
    if isinstance(value, dict) and value:
        value = data[key] | value
    data[key] = value
    members[member] = json.dumps(data).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(SavingError):
        TextGenerator.load(path)


def test_auto_tries_every_cell_and_takes_the_best() -> None:
    writer = small(cell="auto", epochs=3).fit(story(800))
    names = [row.cell for row in writer.comparison_]
    assert names[:3] == ["simple_rnn", "gru", "lstm"]
    assert "Kneser-Ney" in names[3]
    best = min(writer.comparison_[:3], key=lambda row: row.loss)
    assert writer.cell_ == best.cell
    layer = {"simple_rnn": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}[best.cell]
    assert type(writer.model.layers[2]).__name__ == layer
    assert writer.get_params()["cell"] == "auto"


def test_cells_go_by_the_name_of_their_layer_too() -> None:
    for cell in ("SimpleRNN", "simple_rnn", "GRU"):
        writer = small(cell=cell, epochs=1).fit(story(200))
        assert type(writer.model.layers[2]).__name__.lower() == cell.lower().replace("_", "")


def test_a_time_limit_ends_training() -> None:
    writer = small(time_limit=0.3, epochs=None).fit(story())
    assert writer.training_.ended_by == "time limit"


def test_ctrl_c_keeps_the_best_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    end = training.Pace.on_epoch_end

    def interrupt(pace: Any, epoch: int, logs: Any = None) -> None:
        end(pace, epoch, logs)
        if epoch == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(training.Pace, "on_epoch_end", interrupt)
    writer = small().fit(story())
    assert writer.training_.ended_by == "interrupt"
    assert len(writer.training_.history["val_loss"]) >= 3
    monkeypatch.undo()
    assert writer.score(story(99, 1)) > small(epochs=1).fit(story()).score(story(99, 1))


def test_the_model_is_a_plain_one_and_compiles_for_streaming(writer: TextGenerator) -> None:
    assert isinstance(writer.model, leftfold.Model)
    assert writer.model.predict(np.array([[1, 2, 3]]), verbose=0).shape == (
        1,
        3,
        writer.tokens_.size,
    )
    assert writer.tokens_per_second > 0


def test_scikit_learn_clones_and_validates_it() -> None:
    pytest.importorskip("sklearn")
    from sklearn.base import clone
    from sklearn.model_selection import KFold, cross_val_score

    copy = clone(small(units=16))
    assert copy.get_params() == small(units=16).get_params()
    parts = [story(150, seed) for seed in range(4)]
    scores = cross_val_score(small(units=8, epochs=1), parts, cv=KFold(2))
    assert scores.shape == (2,)
    assert (scores < 0).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"unit": "letter"}, "unit to be one of"),
        ({"cell": "Transformer"}, "cell to be one of"),
        ({"units": 0}, "units to be an integer of at least 1, got 0"),
        ({"unit": "subword", "vocabulary": 255}, "vocabulary to be an integer of at least 256"),
        ({"dropout": 1}, "dropout"),
        ({"validation": 0}, "validation"),
        ({"time_limit": -1}, "time_limit to be a number above 0"),
        ({"learning_rate": "fast"}, "learning_rate"),
        ({"epochs": 0}, "epochs"),
    ],
)
def test_settings_that_make_no_sense_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(**settings).fit(story())


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "nothing but spaces"), (" \n ", "nothing but spaces"), ("too short", "at least 100")],
)
def test_texts_without_content_are_refused(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        small().fit(text)
    with pytest.raises(DataError, match="sequence of texts"):
        small().fit([1, 2])  # type: ignore[list-item]


def test_before_fitting_everything_says_so() -> None:
    for ask in (
        small().sample,
        small().stepper,
        lambda: small().score("abc"),
        lambda: small().predict("a"),
    ):
        with pytest.raises(NotFittedError):
            ask()
