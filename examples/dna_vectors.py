"""k-mers of three to six bases as vectors, from a genome.

Without a file the genome is made up: random bases, some copied with mistakes. Vectors
of k-mers that are written alike come to lie together, because they begin at neighbouring places:
cosines follow Needleman-Wunsch scores, and sums of two vectors are near the k-mers that join both.
`--fasta FILE` reads a genome of your own. Needs: pip install "leftfold[vectors]"
"""

from __future__ import annotations

import argparse

import numpy as np

from leftfold.vectors import evaluation
from leftfold.vectors.dna2vec import Dna2Vec
from leftfold.vectors.fasta import read_fasta
from leftfold.vectors.kmer_evaluation import kmer_pairs, sums_and_concatenations

SHORTEST, LONGEST = 3, 6


def genome(bases: int, random: np.random.Generator) -> str:
    """Random bases, a third of which are copies of others, one base in ten changed."""
    letters = random.choice(list("ACGT"), bases, p=[0.3, 0.2, 0.2, 0.3])
    for _ in range(bases // 3_000):
        source, target = random.integers(bases - 1_000, size=2)
        copy = letters[source : source + 1_000].copy()
        wrong = random.random(1_000) < 0.1
        copy[wrong] = random.choice(list("ACGT"), int(wrong.sum()))
        letters[target : target + 1_000] = copy
    return "".join(letters)


def main(quick: bool = False, fasta: str | None = None) -> dict[str, float]:
    random = np.random.default_rng(0)
    if fasta:
        sequences = read_fasta(fasta)
    else:
        sequences = {"made up": genome(10_000 if quick else 200_000, random)}
    method = Dna2Vec(
        dimensions=30, shortest=SHORTEST, longest=LONGEST, epochs=2 if quick else 6, threads=1
    )
    vectors = method.fit(sequences)
    print(f"{sum(map(len, sequences.values())):,} bases, {len(vectors):,} k-mers")
    print("loss: " + " ".join(f"{loss:.3f}" for loss in method.losses))
    kmer = next(token for token in vectors.tokens if len(token) == LONGEST)
    near = ", ".join(f"{token} {cosine:.2f}" for token, cosine in vectors.near(kmer, 5))
    print(f"{kmer}: {near}")
    pairs = kmer_pairs(vectors.tokens, 500 if quick else 3_000, SHORTEST, LONGEST)
    alignment = evaluation.similarity(vectors, pairs)
    print(f"cosine and alignment: {alignment}")
    sums = sums_and_concatenations(vectors, 100 if quick else 1_000)
    print(sums)
    return {"spearman": alignment.spearman, "sums": sums.found, "by chance": sums.by_chance}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--fasta")
    options = parser.parse_args()
    main(options.quick, options.fasta)
