"""Tables of concepts, their vectors, and how known pairs rank."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from leftfold.datasets.errors import DataError
from leftfold.vectors.concepts import ConceptCounts, read_concept_table
from leftfold.vectors.container import WordVectors
from leftfold.vectors.cui2vec import Cui2Vec, rank_known_pairs


def written(folder: Path, text: str, name: str = "pairs.tsv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def groups(size: int = 40, seed: int = 0) -> tuple[ConceptCounts, list[tuple[str, str]]]:
    """Concepts in four groups, which occur together much more often than with others."""
    random = np.random.default_rng(seed)
    names = [f"c{number}" for number in range(size)]
    pairs, known = [], []
    for a in range(size):
        for b in range(a):
            together = a % 4 == b % 4
            pairs.append((names[a], names[b], float(random.poisson(30 if together else 3))))
            if together:
                known.append((names[a], names[b]))
    return ConceptCounts.of_pairs(pairs), known


@pytest.mark.parametrize(("name", "mark"), [("pairs.tsv", "\t"), ("pairs.csv", ",")])
def test_tables_are_read_by_name_or_place(tmp_path, name, mark):
    text = "a,b,other,n\nflu,fever,x,2\nfever,flu,y,1\nflu,flu,z,9\nflu,rash,,0\n"
    path = written(tmp_path, text.replace(",", mark), name)
    for columns in (("a", "b", "n"), (0, 1, 3)):
        counts = read_concept_table(path, *columns)
        assert counts.concepts == ["flu", "fever"]
        assert counts.matrix().toarray().tolist() == [[0, 3], [3, 0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tb\tn\nx\ty\t3\nx\tz\t-2\n", "line 3: expected a count of at least 0, got '-2'"),
        ("a\tb\tn\nx\ty\tmany\n", "line 2: expected a count of at least 0, got 'many'"),
        ("a\tb\tn\nx\ty\tnan\n", "line 2: expected a count"),
        ("a\tb\tn\nx\ty\n", "line 2: expected 3 columns, got 2"),
        ("a\tb\tn\nx\t\t2\n", "line 2: expected two concepts"),
        ("a\tb\tn\n", "pairs that occur together, got none"),
        ("a\tb\n", "at least 3 columns, got 2"),
        ("", "at least 1 columns, got 0"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_in_one_line(tmp_path, text, message):
    with pytest.raises(DataError, match=message) as caught:
        read_concept_table(written(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_column_that_is_missing_is_named_with_those_there_are(tmp_path):
    with pytest.raises(DataError, match="'n', got 'a', 'b'"):
        read_concept_table(written(tmp_path, "a\tb\nx\ty\n"), "a", "b", "n")


def test_negative_counts_of_pairs_are_refused_too():
    with pytest.raises(DataError, match="got -1 for 'x' with 'y'"):
        ConceptCounts.of_pairs([("x", "y", -1.0)])


def test_known_pairs_that_were_held_out_rank_above_random_ones():
    counts, known = groups()
    rng = np.random.default_rng(0)
    held = {known[i] for i in rng.choice(len(known), 40, replace=False)}
    names = counts.concepts
    kept = np.array(
        [
            not {(names[a], names[b]), (names[b], names[a])} & held
            for a, b in zip(counts.first, counts.second, strict=True)
        ]
    )
    assert (~kept).sum() == 40
    vectors = Cui2Vec(dimensions=6).fit(counts.select(kept))
    ranking = rank_known_pairs(vectors, sorted(held), never=known, resamples=100)
    assert ranking.auc > 0.95
    assert ranking.auc_interval[0] <= ranking.auc <= ranking.auc_interval[1]
    assert ranking.power > 0.8


def test_the_auc_is_that_of_the_definition():
    """Against every pair that may be drawn, each as often as it is."""
    random = np.random.default_rng(0)
    names = [f"c{number}" for number in range(12)]
    vectors = WordVectors(names, random.normal(size=(12, 3)))
    known = [(names[n], names[n + 1]) for n in range(0, 12, 2)]
    found = rank_known_pairs(vectors, known, random_pairs=200_000, resamples=2).auc
    unit = vectors.matrix / np.linalg.norm(vectors.matrix, axis=1, keepdims=True)
    cosine = unit @ unit.T
    firsts, seconds = range(0, 12, 2), range(1, 12, 2)
    others = [cosine[a, b] for a in firsts for b in seconds if b != a + 1]
    wins = [cosine[a, a + 1] > other for a in firsts for other in others]
    assert found == pytest.approx(np.mean(wins), abs=0.01)


def test_vectors_without_meaning_have_an_auc_of_one_half():
    counts, known = groups()
    rng = np.random.default_rng(1)
    vectors = WordVectors(counts.concepts, rng.normal(size=(len(counts.concepts), 8)))
    ranking = rank_known_pairs(vectors, known, resamples=100)
    assert ranking.auc == pytest.approx(0.5, abs=0.06)


def test_no_known_pairs_are_refused():
    with pytest.raises(DataError, match="known pairs, got none"):
        rank_known_pairs(WordVectors(["a", "b"], [[1.0], [2.0]]), [])
