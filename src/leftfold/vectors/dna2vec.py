"""Vectors of k-mers of several lengths at once.

Ng, "dna2vec: Consistent vector representations of variable-length k-mers", 2017.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.datasets.extras import require
from leftfold.vectors.container import WordVectors
from leftfold.vectors.fasta import BASES, reverse_complement, stretches


class KmerTexts:
    """Genomes as texts of k-mers, sampled anew each time that they are read.

    A genome is cut where bases are uncertain and into fragments; each fragment is read on one of
    its two strands, by chance. A text has one k-mer for each place of a fragment, its length by
    chance.

    Args:
        sequences: of `ACGT` and letters for uncertain bases.
        shortest: length of the shortest k-mers.
        longest: length of the longest k-mers.
        fragment: bases of a fragment.
        seed: of fragments, strands and lengths; texts read again are others, the same for the
            same seed.

    Example:
        >>> texts = KmerTexts(["ACGTTGCANNGATTACA"], shortest=3, longest=4)
        >>> [len(kmer) in (3, 4) for text in texts for kmer in text] == [True] * 11
        True
    """

    def __init__(
        self,
        sequences: list[str],
        shortest: int = 3,
        longest: int = 8,
        fragment: int = 2_000,
        seed: int = 0,
    ) -> None:
        self.parts = [part for sequence in sequences for part in stretches(sequence)]
        self.parts = [part for part in self.parts if len(part) >= shortest]
        self.shortest = shortest
        self.longest = longest
        self.fragment = fragment
        self.seed = seed
        self._readings = 0

    def __len__(self) -> int:
        """How many k-mers each reading has."""
        return sum(len(part) - self.shortest + 1 for part in self.parts)

    def __iter__(self) -> Iterator[list[str]]:
        random = np.random.default_rng([self.seed, self._readings])
        self._readings += 1
        for part in self.parts:
            first = int(random.integers(min(self.fragment, len(part))))
            cuts = [0, *range(first, len(part), self.fragment), len(part)]
            for start, stop in itertools.pairwise(cuts):
                # A fragment's last k-mers reach into the next, so that every place has one.
                piece = part[start : stop + self.shortest - 1]
                if random.random() < 0.5:
                    piece = reverse_complement(piece)
                places = len(piece) - self.shortest + 1
                lengths = random.integers(self.shortest, self.longest + 1, max(places, 0)).tolist()
                yield [
                    piece[at : at + k]
                    for at, k in zip(range(places), lengths, strict=True)
                    if at + k <= len(piece)
                ]


class Dna2Vec:
    """Skip-gram over k-mers of several lengths, by gensim.

    Args:
        dimensions: of the vectors.
        shortest: length of the shortest k-mers.
        longest: length of the longest k-mers.
        window: how many k-mers before and after one are its context.
        epochs: readings of the genome, sampled anew each time.
        min_count: leave rarer k-mers out.
        negative: random k-mers against which each true one is held.
        fragment: bases that are read on one strand at a time.
        workers: threads; with more than one, results differ a little from run to run.
        seed: of sampling and of the first values.

    Example:
        >>> genome = {"tiny": "ACGTTGCATTACAGGATCCA" * 20}
        >>> vectors = Dna2Vec(dimensions=8, shortest=2, longest=3, epochs=2).fit(genome)
        >>> len(vectors["ACG"])
        8
    """

    def __init__(
        self,
        dimensions: int = 100,
        shortest: int = 3,
        longest: int = 8,
        window: int = 10,
        epochs: int = 10,
        min_count: int = 5,
        negative: int = 5,
        fragment: int = 2_000,
        workers: int = 1,
        seed: int = 0,
    ) -> None:
        if not 1 <= shortest <= longest:
            raise ValueError(
                f"Dna2Vec expected 1 <= shortest <= longest, got {shortest} and {longest}."
            )
        self.dimensions = dimensions
        self.shortest = shortest
        self.longest = longest
        self.window = window
        self.epochs = epochs
        self.min_count = min_count
        self.negative = negative
        self.fragment = fragment
        self.workers = workers
        self.seed = seed

    def fit(
        self,
        genomes: Mapping[str, str],
        on_epoch: Callable[[int], None] | None = None,
        without: frozenset[str] = frozenset(),
    ) -> WordVectors:
        """Learn the vectors of the k-mers of genomes.

        Args:
            genomes: sequences by name, as `read_fasta` returns them.
            on_epoch: called after each reading with its number, from 1.
            without: k-mers to leave out, so that `compose` can be judged on them.

        Raises:
            DataError: when no k-mer occurs `min_count` times.
        """
        word2vec = require("gensim.models.word2vec", "vectors", "dna2vec")
        texts = KmerTexts(
            list(genomes.values()), self.shortest, self.longest, self.fragment, self.seed
        )
        if len(texts) < self.min_count:
            raise DataError(f"genomes: expected k-mers of {BASES}, got {len(texts)} of them.")
        model = word2vec.Word2Vec(
            vector_size=self.dimensions,
            window=self.window,
            min_count=self.min_count,
            sg=1,
            negative=self.negative,
            workers=self.workers,
            seed=self.seed + 1,  # gensim takes 0 for no seed
        )
        read: Any = _Without(texts, without) if without else texts
        model.build_vocab(read)
        if not len(model.wv):
            raise DataError(
                f"genomes: expected k-mers that occur {self.min_count} times, got none."
            )
        first, last = model.alpha, model.min_alpha
        for epoch in range(self.epochs):
            rates = [first + (last - first) * e / self.epochs for e in (epoch, epoch + 1)]
            model.train(
                read,
                total_examples=model.corpus_count,
                epochs=1,
                start_alpha=rates[0],
                end_alpha=rates[1],
            )
            if on_epoch:
                on_epoch(epoch + 1)
        return WordVectors(model.wv.index_to_key, model.wv.vectors, "dna2vec")


class _Without:
    """Texts without some of their tokens."""

    def __init__(self, texts: KmerTexts, left_out: frozenset[str]) -> None:
        self._texts = texts
        self._left_out = left_out

    def __iter__(self) -> Iterator[list[str]]:
        for text in self._texts:
            yield [kmer for kmer in text if kmer not in self._left_out]


def compose(vectors: WordVectors, kmer: str) -> np.ndarray:
    """A vector for a k-mer that has none: of all k-mers inside it that have one, the mean.

    Args:
        vectors: of shorter k-mers, or of others of the same length.
        kmer: of `ACGT`.

    Returns:
        (dimensions,); the k-mer's own vector where there is one.

    Raises:
        DataError: when nothing inside of it has a vector.

    Example:
        >>> vectors = WordVectors(["AC", "CG"], [[1.0, 0.0], [0.0, 1.0]])
        >>> compose(vectors, "ACG").tolist()
        [0.5, 0.5]
    """
    for length in range(len(kmer), 0, -1):
        inside = [kmer[at : at + length] for at in range(len(kmer) - length + 1)]
        known = [part for part in inside if part in vectors]
        if known:
            return np.asarray(vectors[known].mean(0))
    raise DataError(f"{vectors.source}: nothing inside of {kmer!r} has a vector.")
