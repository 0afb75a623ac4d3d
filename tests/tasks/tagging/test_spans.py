"""Schemes, spans, legal labels, and the decoder against exhaustive search."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leftfold.tasks.tagging import spans
from leftfold.tasks.tagging.spans import IOB2, IOBES, Decoder, Span


@pytest.mark.parametrize(
    ("labels", "scheme"),
    [
        (["O", "B-A", "I-A"], IOB2),
        (["B-A"], IOB2),
        (["O", "S-A", "B-A", "E-A", "I-A"], IOBES),
        (["U-A", "B-A", "L-A"], IOBES),
        (["O", "I-A"], None),
        (["O"], None),
        (["NOUN", "B-A"], None),
        (["B"], None),
    ],
)
def test_schemes_are_told_by_their_labels(labels, scheme):
    assert spans.find_scheme(labels) == scheme


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("B-A I-A O B-B", [("A", 0, 2), ("B", 3, 4)]),
        ("B-A B-A", [("A", 0, 1), ("A", 1, 2)]),
        ("B-A I-B", [("A", 0, 1), ("B", 1, 2)]),
        ("O I-A I-A", [("A", 1, 3)]),
        ("S-A B-A E-A", [("A", 0, 1), ("A", 1, 3)]),
        ("B-A I-A E-A I-A", [("A", 0, 3), ("A", 3, 4)]),
        ("B-A-x I-A-x", [("A-x", 0, 2)]),
        ("U-A B-A L-A", [("A", 0, 1), ("A", 1, 3)]),
        ("O O", []),
    ],
)
def test_spans_of_labels(labels, expected):
    assert spans.spans_of(labels.split()) == [Span(*span) for span in expected]


@pytest.mark.parametrize(
    ("scheme", "labels", "fault"),
    [
        (IOB2, "B-A I-A O", None),
        (IOB2, "O I-A", 1),
        (IOB2, "B-A I-B", 1),
        (IOBES, "B-A E-A S-A O", None),
        (IOBES, "B-A O", 1),
        (IOBES, "S-A E-A", 1),
        (None, "O I-A", None),
    ],
)
def test_the_first_label_out_of_place(scheme, labels, fault):
    assert spans.first_fault(labels.split(), scheme) == fault


LABELS = {
    IOB2: ["O", "B-A", "I-A", "B-B", "I-B"],
    IOBES: ["O", "B-A", "I-A", "E-A", "S-A"],
}


@given(st.integers(0, 10**6), st.integers(1, 5), st.sampled_from([IOB2, IOBES]))
@settings(max_examples=30, deadline=None)
def test_the_decoder_finds_the_best_of_all_legal_sequences(seed, steps, scheme):
    labels = LABELS[scheme]
    p = np.random.default_rng(seed).dirichlet(np.ones(5), steps)

    def legal(path: tuple[int, ...]) -> bool:
        named = [labels[code] for code in path]
        ends = scheme == IOB2 or named[-1][0] in "OES"
        return ends and spans.first_fault(named, scheme) is None

    paths = filter(legal, itertools.product(range(5), repeat=steps))
    best = max(paths, key=lambda path: np.log(p[np.arange(steps), list(path)]).sum())
    assert tuple(Decoder(labels, scheme).decode(p).tolist()) == best


def test_without_a_scheme_each_step_decides_for_itself():
    p = np.array([[0.4, 0.6], [0.9, 0.1]])
    assert Decoder(["a", "b"], None).decode(p).tolist() == [1, 0]


def test_counts_are_of_whole_spans():
    truth = [["B-A", "I-A", "O"], ["B-B", "O", "O"]]
    said = [["B-A", "O", "O"], ["B-B", "O", "B-A"]]
    counts = spans.span_counts(truth, said)
    assert counts["A"].tolist() == [[0, 1, 1], [0, 1, 0]]
    assert counts["B"].tolist() == [[0, 0, 0], [1, 1, 1]]
    assert spans.f1(sum(counts.values())) == pytest.approx(2 * 1 / (3 + 2))
    assert spans.f1(np.zeros((2, 3))) == 1.0
