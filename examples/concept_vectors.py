"""Diagnoses as vectors, from nothing but a table of how often two were made of one patient.

The patients are made up: each has diagnoses of one or two of eight fields, and a few that have
nothing to do with these. A fifth of the pairs of one field is left out of the table; vectors from
the rest should know them all the same. `--table FILE` reads pairs and counts (the first three
columns) from a table of your own. Needs: pip install "leftfold[vectors]"
"""

from __future__ import annotations

import argparse
import itertools
from collections import Counter

import numpy as np

from leftfold.vectors.concepts import ConceptCounts, read_concept_table
from leftfold.vectors.cui2vec import Cui2Vec, rank_known_pairs

FIELDS, DIAGNOSES = 8, 15


def patients(count: int, random: np.random.Generator) -> ConceptCounts:
    """Pairs of diagnoses of made-up patients, and how many patients have both."""
    frequency = 1 / np.arange(1, DIAGNOSES + 1)
    frequency /= frequency.sum()
    pairs: Counter[tuple[str, str]] = Counter()
    for _ in range(count):
        fields = random.integers(FIELDS, size=random.integers(1, 3))
        own = [(field, d) for field in fields for d in random.choice(DIAGNOSES, 3, p=frequency)]
        others = [(random.integers(FIELDS), random.choice(DIAGNOSES)) for _ in range(2)]
        names = sorted({f"field {field}, diagnosis {d}" for field, d in own + others})
        pairs.update(itertools.combinations(names, 2))
    return ConceptCounts.of_pairs([(a, b, float(n)) for (a, b), n in pairs.items()])


def main(quick: bool = False, table: str | None = None) -> dict[str, float]:
    random = np.random.default_rng(0)
    counts = read_concept_table(table) if table else patients(3_000 if quick else 20_000, random)
    names = counts.concepts
    # A pair is known where it occurs more often than chance would have it: by twice.
    totals = np.asarray(counts.matrix().sum(axis=1)).ravel()
    chance = totals[counts.first] * totals[counts.second] / totals.sum()
    known = counts.counts > 2 * chance
    held_out = known & (random.random(len(counts)) < 0.2)
    vectors = Cui2Vec(dimensions=min(30, len(names) - 1)).fit(counts.select(~held_out))
    ends = list(zip(counts.first.tolist(), counts.second.tolist(), strict=True))
    pairs = [(names[a], names[b]) for a, b in ends]
    left = [pair for pair, held in zip(pairs, held_out, strict=True) if held]
    rest = [pair for pair, kept in zip(pairs, known & ~held_out, strict=True) if kept]
    ranking = rank_known_pairs(vectors, left, never=rest, resamples=100 if quick else 1_000)
    print(f"{len(names)} concepts, {len(counts):,} pairs, {len(left)} known ones left out")
    near = ", ".join(f"{name} {cosine:.2f}" for name, cosine in vectors.near(names[0], 3))
    print(f"{names[0]}: {near}")
    print(f"left-out pairs against random ones: {ranking}")
    return {"auc": ranking.auc, "power": ranking.power}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--table")
    options = parser.parse_args()
    main(options.quick, options.table)
