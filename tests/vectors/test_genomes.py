"""FASTA files, k-mers, their vectors and alignments."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.datasets.errors import DataError
from leftfold.vectors.alignment import alignment_similarity, needleman_wunsch
from leftfold.vectors.container import WordVectors
from leftfold.vectors.dna2vec import Dna2Vec, KmerTexts, compose
from leftfold.vectors.fasta import read_fasta, reverse_complement, stretches

SEQUENCES = st.text("ACGT", max_size=8)
SHORT = st.text("ACGT", max_size=4)


def genome(length: int = 4_000, seed: int = 0) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), length))


def written(folder: Path, text: str, name: str = "some.fa") -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


@pytest.mark.parametrize("name", ["some.fa", "some.fa.gz"])
def test_fasta_is_read_in_any_case_and_line_length(tmp_path, name):
    path = written(tmp_path, ">one first\r\nACGT\r\nacgu\r\n\r\n>two\nNNRYA\n", name)
    assert read_fasta(path) == {"one": "ACGTACGT", "two": "NNRYA"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (">a\nACGT\nACGE\n", r"line 3, column 4: expected letters of DNA .* got 'E'"),
        (">a\nAC-GT\n", r"line 2, column 3: .* got '-'"),
        ("ACGT\n", r"line 1: expected '>' and a name first"),
        (">a\nAC\n>a\nGT\n", r"line 3: expected a new name, got the name 'a' once more"),
        (">\nACGT\n", r"line 1: expected a new name, got none"),
        (">a\n>b\nACGT\n", r"line 1: 'a' has no sequence"),
        ("", "holds no sequence"),
    ],
)
def test_what_is_wrong_with_a_fasta_file_is_said_in_one_line(tmp_path, text, message):
    with pytest.raises(DataError, match=message) as caught:
        read_fasta(written(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_files_that_are_missing_or_damaged_are_named(tmp_path):
    with pytest.raises(DataError, match="is no file"):
        read_fasta(tmp_path / "none.fa")
    broken = tmp_path / "broken.fa.gz"
    broken.write_bytes(gzip.compress(b">a\nACGT" * 100)[:-20])
    with pytest.raises(DataError, match="cannot be read"):
        read_fasta(broken)


def test_the_other_strand_pairs_every_letter():
    assert reverse_complement("AACGTN") == "NACGTT"
    for sequence in (genome(50), "NRYSWKMBDHV"):
        assert reverse_complement(reverse_complement(sequence)) == sequence


def test_kmers_come_from_both_strands_and_never_hold_an_uncertain_base():
    sequence = genome(3_000)
    sequence = sequence[:500] + "N" * 20 + sequence[520:2_000] + "R" + sequence[2_001:]
    texts = list(KmerTexts([sequence], 3, 8, fragment=300))
    kmers = [kmer for text in texts for kmer in text]
    assert {len(kmer) for kmer in kmers} == {3, 4, 5, 6, 7, 8}
    assert len(kmers) == sum(len(part) - 2 for part in stretches(sequence))
    assert all(set(kmer) <= set("ACGT") for kmer in kmers)
    longest = [kmer for kmer in kmers if len(kmer) == 8]
    other = reverse_complement(sequence)
    forward = [kmer in sequence for kmer in longest]
    backward = [kmer in other for kmer in longest]
    assert all(f or b for f, b in zip(forward, backward, strict=True))
    assert 0.2 < np.mean(forward) < 0.8


def test_every_place_of_a_stretch_has_a_kmer():
    sequence = genome(1_000)
    texts = KmerTexts([sequence], 4, 4, fragment=100)
    both = [kmer for text in texts for kmer in text]
    either = {min(kmer, reverse_complement(kmer)) for kmer in both}
    places = [sequence[at : at + 4] for at in range(997)]
    assert len(both) == len(places)
    assert either == {min(kmer, reverse_complement(kmer)) for kmer in places}


def test_readings_differ_and_repeat_with_the_seed():
    first, second = KmerTexts([genome()], seed=3), KmerTexts([genome()], seed=3)
    readings = [list(first), list(first)]
    assert readings[0] != readings[1]
    assert [list(second), list(second)] == readings


def by_recursion(a: str, b: str) -> float:
    if not a or not b:
        return -float(len(a) + len(b))
    return max(
        by_recursion(a[:-1], b[:-1]) + (1 if a[-1] == b[-1] else -1),
        by_recursion(a[:-1], b) - 1,
        by_recursion(a, b[:-1]) - 1,
    )


@given(pairs=st.lists(st.tuples(SHORT, SHORT), min_size=1))
def test_alignment_scores_are_the_best_there_are(pairs):
    first, second = zip(*pairs, strict=True)
    expected = [by_recursion(a, b) for a, b in pairs]
    assert needleman_wunsch(first, second).tolist() == expected


@given(a=SEQUENCES, b=SEQUENCES)
def test_alignment_is_symmetric_and_at_most_one(a, b):
    one, other = alignment_similarity([a, b], [b, a])
    assert one == other <= 1
    if a:
        assert alignment_similarity([a], [a]).tolist() == [1]


def test_dna2vec_puts_shifted_kmers_near_each_other():
    pytest.importorskip("gensim")
    method = Dna2Vec(
        dimensions=16, shortest=3, longest=4, window=4, epochs=8, learning_rate=0.05, threads=1
    )
    vectors = method.fit({"random": genome(12_000, seed=1)})
    assert len(method.losses) == 8
    assert method.losses[-1] < method.losses[0]
    kmers = [kmer for kmer in vectors.tokens if len(kmer) == 4]
    unit = {k: vectors[k] / np.linalg.norm(vectors[k]) for k in kmers}
    shifted = [unit[k] @ unit[k[1:] + b] for k in kmers for b in "ACGT" if k[1:] + b in unit]
    rng = np.random.default_rng(0)
    others = [unit[a] @ unit[b] for a, b in rng.choice(kmers, (2_000, 2))]
    assert np.mean(shifted) > np.mean(others) + 0.1


def test_dna2vec_with_one_thread_repeats_with_the_seed():
    pytest.importorskip("gensim")
    options = {"dimensions": 4, "shortest": 3, "longest": 4, "epochs": 2, "threads": 1}
    runs = [Dna2Vec(**options, seed=s).fit({"a": genome(800)}).matrix.tobytes() for s in (0, 0, 1)]
    assert runs[0] == runs[1] != runs[2]


def test_kmers_left_out_have_no_vector_but_can_be_composed():
    pytest.importorskip("gensim")
    left_out = frozenset({"ACGT"})
    method = Dna2Vec(dimensions=4, shortest=3, longest=4, epochs=1, threads=1, without=left_out)
    vectors = method.fit({"a": genome()})
    assert "ACGT" not in vectors
    np.testing.assert_allclose(
        compose(vectors, "ACGT"), (vectors["ACG"] + vectors["CGT"]) / 2, rtol=1e-6
    )


def test_what_cannot_be_composed_is_named():
    with pytest.raises(DataError, match="'TTT'"):
        compose(WordVectors(["A"], [[1.0]]), "TTT")


def test_stretches_end_at_uncertain_bases():
    assert stretches("NNACGTRRAN") == ["ACGT", "A"]


def test_lengths_in_the_wrong_order_are_refused():
    with pytest.raises(ValueError, match="shortest <= longest"):
        Dna2Vec(shortest=5, longest=3)
