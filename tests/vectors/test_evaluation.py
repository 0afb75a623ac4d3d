"""How vectors are judged, against SciPy and by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from leftfold.datasets.errors import DataError
from leftfold.vectors import WordVectors, evaluation
from leftfold.vectors.comparison import Judgement, compare
from leftfold.vectors.word_lists import Pair, Question, read_pairs, read_questions


def test_questions_are_read_by_section(tmp_path: Path) -> None:
    path = tmp_path / "q.txt"
    path.write_text(": one\na b c d\n\n: empty\n: two\ne f g h\ni j k l\n")
    found = read_questions(path)
    assert {name: len(some) for name, some in found.items()} == {"one": 1, "two": 2}
    assert found["one"] == [Question("a", "b", "c", "d")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b": one\na b c\n", r"q\.txt, line 2: expected four words, got 'a b c'"),
        (b": one\n", "holds no questions"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_bad_questions_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "q.txt").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_questions(tmp_path / "q.txt")
    with pytest.raises(DataError, match="cannot be read"):
        read_questions(tmp_path / "missing")


@pytest.mark.parametrize(
    "text",
    [
        "Word 1,Word 2,Human (mean)\ntiger,cat,7.35\nbook,paper,7\n",
        "tiger\tcat\t7.35\n#x\nbook paper 7\n",
    ],
)
def test_pairs_are_read_in_every_usual_form(tmp_path: Path, text: str) -> None:
    (tmp_path / "p.csv").write_text(text)
    assert read_pairs(tmp_path / "p.csv") == [
        Pair("tiger", "cat", 7.35),
        Pair("book", "paper", 7.0),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b,1\nc,d\n", "line 2: expected two words and a number"),
        ("a,b,1\nc,d,nan\n", "line 2: expected two words and a number"),
        ("one,two,score\n", "holds no pairs"),
    ],
)
def test_bad_pairs_are_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_pairs(tmp_path / "p.csv")


def test_spearman_is_scipy_s_with_ties_as_well() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    for _ in range(20):
        one, other = rng.integers(0, 8, 30).astype(float), rng.normal(size=30)
        assert evaluation.spearman(one, other) == pytest.approx(stats.spearmanr(one, other)[0])
    assert math.isnan(evaluation.spearman(np.ones(4), np.arange(4.0)))


def test_similarity_has_an_interval_and_counts_unknown_pairs() -> None:
    rng = np.random.default_rng(1)
    vectors = WordVectors([f"w{i}" for i in range(80)], rng.normal(size=(80, 5)))
    pairs = [
        Pair(f"w{i}", f"w{i + 1}", vectors.similarity(f"w{i}", f"w{i + 1}") + rng.normal() * 0.1)
        for i in range(79)
    ]
    found = evaluation.similarity(vectors, [*pairs, Pair("w1", "unheard", 1.0)])
    assert (found.known, found.pairs) == (79, 80)
    assert 0.8 < found.low < found.spearman < found.high < 1
    assert "79 of 80 pairs known" in str(found)
    few = evaluation.similarity(vectors, pairs[:2])
    assert math.isnan(few.spearman) and few.known == 2


GRID = WordVectors(["a", "b", "c", "d", "x"], [[1, 1], [1, 2], [2, 1], [2, 2], [0, 1]])


def test_analogies_are_counted_by_section_over_known_words() -> None:
    sections = {
        "grid": [Question("a", "b", "c", "d"), Question("a", "b", "unheard", "d")],
        "wrong": [Question("a", "b", "c", "x")],
    }
    found = evaluation.analogies(GRID, sections)
    assert [(s.name, s.questions, s.known, s.right) for s in found] == [
        ("grid", 2, 1, 1),
        ("wrong", 1, 1, 0),
        ("all", 3, 2, 1),
    ]
    assert found[-1].accuracy == 0.5
    few = evaluation.analogies(GRID, sections, most_words=3)
    assert few[-1].known == 0 and math.isnan(few[-1].accuracy)


def test_the_probe_separates_what_the_vectors_separate() -> None:
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    words = [f"good{i}" for i in range(20)] + [f"bad{i}" for i in range(20)]
    matrix = rng.normal(size=(40, 6)) + np.repeat([[1.5], [-1.5]], 20, axis=0)
    vectors = WordVectors(words, matrix)

    def texts(count: int) -> tuple[list[str], list[str]]:
        kinds = [str(kind) for kind in rng.choice(["good", "bad"], count)]
        return [" ".join(f"{kind}{i}" for i in rng.integers(0, 25, 5)) for kind in kinds], kinds

    found = evaluation.probe(vectors, texts(60), texts(200))
    assert found.accuracy > 0.95 and found.low <= found.accuracy <= found.high
    assert found.coverage == pytest.approx(0.8, abs=0.06)
    noise = WordVectors(words, rng.normal(size=(40, 6)) * 1e-3)
    assert evaluation.probe(noise, texts(60), texts(200)).accuracy < 0.95
    with pytest.raises(DataError, match="at least two classes"):
        evaluation.probe(vectors, (["good1"], ["good"]), texts(5))


def test_stability_is_one_for_the_same_and_low_for_other_vectors() -> None:
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(200)]
    one = WordVectors(words, rng.normal(size=(200, 10)))
    turned = np.linalg.qr(rng.normal(size=(10, 10)))[0]
    same = WordVectors(words[::-1], (one.matrix @ turned)[::-1])
    assert evaluation.stability([one, same]) == pytest.approx(1, abs=0.01)
    other = WordVectors(words, rng.normal(size=(200, 10)))
    assert evaluation.stability([one, other]) < 0.2
    with pytest.raises(ValueError, match="at least two runs"):
        evaluation.stability([one])


def test_methods_are_compared_on_one_corpus() -> None:
    pytest.importorskip("gensim")
    texts = ["the cat sat on the mat", "the dog sat on the rug"] * 30
    settings = {"dimensions": 5, "min_count": 1, "epochs": 1, "threads": 1}
    judged = Judgement(
        {"all": [Question("cat", "mat", "dog", "rug")]}, {"pairs": [Pair("cat", "dog", 1.0)] * 4}
    )
    told: list[str] = []
    rows = compare(texts, {"cbow": settings, "skipgram": settings}, judged, 2, told.append)
    assert [line.split()[0] for line in told] == ["training", "dimensions"] * 2
    for row in rows:
        assert row["dimensions"] == 5 and row["vectors"] == 7 and row["analogies known"] == 1
        assert row["pairs known"] == 4
        assert 0 <= row["stability"] <= 1 and row["seconds"] > 0


def test_methods_that_make_vectors_of_texts_are_compared_by_the_probe() -> None:
    pytest.importorskip("gensim")
    pytest.importorskip("sklearn")
    kinds = [
        ("good fun. fine fun. a good fine film.", "yes"),
        ("bad bore. poor bore. a bad poor film.", "no"),
    ] * 40
    texts, classes = (list(part) for part in zip(*kinds, strict=True))
    judged = Judgement(
        {"all": [Question("good", "fun", "bad", "bore")]},
        train=(texts, classes),
        test=(texts[:20], classes[:20]),
    )
    common = {"dimensions": 8, "epochs": 30}
    gensim = common | {"min_count": 1, "threads": 1, "subsample": 0.0}
    methods = {"skip-thought": common | {"words": 20}, "pv-dbow": gensim}
    for row in compare(texts, methods, judged):
        assert row["probe"] > 0.9
        assert "analogies" not in row and row["vectors"] > 0
