"""`WordVectors`: what it refuses, neighbours, analogies, directions, layers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leftfold import Sequential, layers
from leftfold.datasets.errors import DataError
from leftfold.preprocessing.text import Tokenizer
from leftfold.vectors import UnknownTokenError, WordVectors
from leftfold.vectors import directions as directions_of
from leftfold.vectors.analogies import solve
from leftfold.vectors.neighbours import METRICS, Neighbours, largest, unit_rows


@pytest.mark.parametrize(
    ("tokens", "matrix", "message"),
    [
        (["a"], [[1.0], [2.0]], r"a row for each of 1 tokens, got a matrix of shape \(2, 1\)"),
        (["a"], [1.0], "got a matrix of shape"),
        ([], np.empty((0, 3)), "holds no vectors"),
        (["a", ""], [[1.0], [2.0]], "the token of row 1 is empty"),
        (["a", "b", "a"], [[1.0], [2.0], [3.0]], "the token 'a' has more than one row"),
        (["a", "b"], [[1.0], [np.nan]], "the vector of 'b' is not finite"),
    ],
)
def test_bad_vectors_are_refused(tokens: list[str], matrix: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        WordVectors(tokens, matrix)


def test_a_token_is_found_in_another_case_only_if_it_is_not_there_itself() -> None:
    vectors = WordVectors(["Paris", "may", "May"], [[1.0], [2.0], [3.0]])
    assert vectors["paris"] == vectors["Paris"] == 1
    assert (vectors["may"], vectors["May"], vectors["MAY"]) == (2, 3, 2)
    assert "PARIS" in vectors and "London" not in vectors


def test_an_unknown_word_brings_the_nearest_spellings() -> None:
    vectors = WordVectors(["receive", "deceive", "relief", "zebra"], np.eye(4))
    with pytest.raises(UnknownTokenError, match="no vector for 'recieve'; did you mean 'receive'"):
        vectors.near("recieve")
    with pytest.raises(UnknownTokenError, match=r"no vector for 'qqq'\.$"):
        vectors["qqq"]


def table(rows: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("rows", [5, 64, 1000, 5003])
def test_neighbours_are_those_of_sorting_everything(metric: str, rows: int) -> None:
    matrix, queries = table(rows, 8), table(20, 8, 1)
    found, scores = Neighbours(matrix, metric).search(queries, 7)
    if metric == "cosine":
        all_scores = -(unit_rows(queries) @ unit_rows(matrix).T)
    else:
        all_scores = np.linalg.norm(queries[:, None].astype(float) - matrix, axis=2)
    expected = np.sort(all_scores, axis=1)[:, :7]
    sign = -1 if metric == "cosine" else 1
    np.testing.assert_allclose(sign * scores, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(all_scores, found, 1), expected, atol=1e-5)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 700).flatmap(
        lambda n: st.tuples(st.lists(st.integers(-3, 3), min_size=n, max_size=n), st.integers(1, n))
    )
)
def test_the_largest_numbers_are_found_whatever_repeats(case: tuple[list[int], int]) -> None:
    numbers, count = case
    found = largest(np.array([numbers], np.float32), count)[0]
    assert len(set(found.tolist())) == count
    assert [numbers[i] for i in found] == sorted(numbers, reverse=True)[:count]


def test_many_queries_at_once_give_what_one_gives() -> None:
    vectors = WordVectors([f"w{i}" for i in range(500)], table(500, 16))
    together = vectors.near(["w3", "w7"], 4)
    assert [[t for t, _ in some] for some in together] == [
        [t for t, _ in vectors.near(word, 4)] for word in ("w3", "w7")
    ]
    assert all(token != "w3" for token, _ in together[0])
    by_vector = vectors.near(vectors["w3"], 5)
    assert [t for t, _ in by_vector] == ["w3", *[t for t, _ in together[0]]]
    assert "w9" not in dict(vectors.near("w3", 499, without=["w9"]))
    with pytest.raises(ValueError, match="near expected vectors of 16 dimensions"):
        vectors.near([1.0, 2.0])


def reference_analogy(unit: np.ndarray, a: int, b: int, c: int, rule: str) -> list[int]:
    cosine = unit.astype(float) @ unit.astype(float).T
    if rule == "add":
        scores = cosine[:, b] - cosine[:, a] + cosine[:, c]
    else:
        moved = (cosine + 1) / 2
        scores = moved[:, b] * moved[:, c] / (moved[:, a] + 0.001)
    scores[[a, b, c]] = -np.inf
    return np.argsort(-scores)[:3].tolist()


@pytest.mark.parametrize("rule", ["add", "multiply"])
def test_analogies_follow_their_formula(rule: str) -> None:
    vectors = WordVectors([f"w{i}" for i in range(300)], table(300, 10))
    questions = np.random.default_rng(2).integers(0, 300, (25, 3))
    found, _ = solve(vectors, questions, 3, rule)
    unit = unit_rows(vectors.matrix)
    for question, answers in zip(questions.tolist(), found.tolist(), strict=True):
        assert answers == reference_analogy(unit, *question, rule)
    with pytest.raises(ValueError, match="rule expected one of add, multiply"):
        vectors.analogy("w1", "w2", "w3", rule="divide")


def test_means_and_phrases() -> None:
    vectors = WordVectors(["new", "york", "new_york"], [[1, 0], [0, 1], [5, 5]])
    assert vectors.mean(["new", "york", "unheard"]).tolist() == [0.5, 0.5]
    assert vectors.mean(["new", "york"], [3, 1]).tolist() == [0.75, 0.25]
    assert vectors.mean(["unheard"]).tolist() == [0, 0]
    assert vectors.phrase("New York").tolist() == [5, 5]
    assert vectors.phrase("york new").tolist() == [0.5, 0.5]
    with pytest.raises(UnknownTokenError):
        vectors.phrase("new london")
    with pytest.raises(ValueError, match="a weight for each of 1 words"):
        vectors.mean(["new"], [1, 2])


def test_a_planted_direction_is_found_and_can_be_taken_away() -> None:
    rng = np.random.default_rng(0)
    plural = rng.normal(size=20)
    base = rng.normal(size=(30, 20))
    words = [f"w{i}" for i in range(30)]
    vectors = WordVectors(
        [*words, *(f"{word}s" for word in words)], np.concatenate([base, base + plural])
    )
    pairs = [(word, f"{word}s") for word in words]
    found = vectors.direction([*pairs, ("w1", "unheard")])
    assert found.missing == (("w1", "unheard"),)
    assert found.consistency > 0.6 > found.by_chance + 0.3
    assert found.held_out > 0.95
    assert "30 pairs" in str(found)
    scores = directions_of.project(vectors, found.vector, [words[0], f"{words[0]}s"])
    assert scores[1] > scores[0]
    flat = directions_of.without(vectors, found.vector)
    np.testing.assert_allclose(flat.matrix @ found.vector, 0, atol=1e-4)
    random = vectors.direction([(words[i], words[i + 1]) for i in range(0, 28, 2)])
    assert abs(random.consistency) < 0.15
    with pytest.raises(ValueError, match="at least two pairs with vectors, got 0 of 1"):
        vectors.direction([("x", "y")])


VECTORS = WordVectors(["good", "bad", "film"], [[1, 2], [3, 4], [5, 6]])


def test_an_embedding_has_the_vectors_of_the_tokenizer_s_words() -> None:
    tokenizer = Tokenizer(oov_token="?")
    tokenizer.fit_on_texts(["a good film", "a film"])
    layer = VECTORS.to_embedding(tokenizer)
    ids = tokenizer.texts_to_sequences(["good film a unheard"])
    assert np.asarray(layer(np.array(ids))).tolist() == [[[1, 2], [5, 6], [0, 0], [0, 0]]]
    assert (layer.coverage.words, layer.coverage.known) == (3, 2)
    assert layer.coverage.occurrences_known == pytest.approx(3 / 5)
    assert layer.coverage.missing == ("a",)
    assert not layer.trainable_variables


def test_an_embedding_is_made_for_a_layer_a_mapping_and_a_list() -> None:
    vectorize = layers.TextVectorization(vocabulary=["film", "bad"])
    assert VECTORS.to_embedding(vectorize).get_weights()[0].tolist() == [
        [0, 0], [0, 0], [5, 6], [3, 4],
    ]  # fmt: skip
    assert VECTORS.to_embedding({"bad": 2}).get_weights()[0].tolist()[2] == [3, 4]
    assert VECTORS.to_embedding(["", "bad"]).get_weights()[0].tolist() == [[0, 0], [3, 4]]
    with pytest.raises(ValueError, match="tokenizer knows no words yet"):
        VECTORS.to_embedding(Tokenizer())
    with pytest.raises(ValueError, match="tokenizer expected a Tokenizer"):
        VECTORS.to_embedding(3)


def test_unknown_words_begin_as_they_are_asked_to() -> None:
    index = {"bad": 1, "good": 2, "x": 3, "y": 4}
    mean = VECTORS.to_embedding(index, unknown="mean").get_weights()[0]
    assert mean[3].tolist() == [2, 3] and mean[0].tolist() == [0, 0]
    random = VECTORS.to_embedding(index, unknown="random").get_weights()[0]
    assert random[3:].all() and not random[0].any()
    with pytest.raises(ValueError, match="unknown expected one of"):
        VECTORS.to_embedding(index, unknown="ones")


def test_a_trainable_embedding_moves_in_training_and_a_frozen_one_does_not() -> None:
    for trainable in (True, False):
        layer = VECTORS.to_embedding({"good": 1, "bad": 2}, trainable=trainable)
        before = layer.get_weights()[0].copy()
        model = Sequential([layer, layers.GlobalAveragePooling1D(), layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(np.array([[1, 1], [2, 2]]), np.array([5.0, -5.0]), epochs=2, verbose=0)
        assert np.array_equal(before, layer.get_weights()[0]) is not trainable
